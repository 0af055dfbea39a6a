import Testing
import TokenscaleCore

@Suite("PercentEncoding")
struct PercentEncodingTests {
    @Test(
        "all but unreserved characters is encoded",
        arguments: [
            ("", ""), ("azAZ09-._~", "azAZ09-._~"), ("type in (a,b) ä", "type%20in%20%28a%2Cb%29%20%C3%A4"),
            ("name=a b&c/é", "name%3Da%20b%26c%2F%C3%A9"), ("\u{0}\n\u{7f}+%", "%00%0A%7F%2B%25"),
        ]
    )
    func unreserved(text: String, encoded: String) { #expect(text.percentEncoded() == encoded) }

    @Test("the caller says what is kept")
    func kept() { #expect("a/b c".percentEncoded { $0 != UInt8(ascii: " ") } == "a/b%20c") }

    @Test("bytes become two hexadecimal digits each")
    func hexadecimal() {
        #expect(String(hexadecimal: [0x00, 0x0f, 0xa5, 0xff]) == "000fa5ff")
        #expect(String(hexadecimal: [0x00, 0x0f, 0xa5, 0xff], uppercase: true) == "000FA5FF")
    }
}
