import Testing

@testable import TokenscaleCore

@Suite("Action fingerprints")
struct ActionFingerprintTests {
    static let hash = KeyedHash(key: 42)

    private static func fingerprint(_ json: String, key: UInt64 = 42) -> ActionFingerprint {
        let bytes = Array(json.utf8)
        return unsafe ActionFingerprint(json: bytes.span.bytes, by: KeyedHash(key: key))
    }

    private static func normalized(_ text: String) -> UInt64 {
        let bytes = Array(text.utf8)
        return unsafe ActionFingerprint.normalizedHash(of: bytes.span.bytes, by: Self.hash)
    }

    @Test(
        "what varies between attempts does not change the normalised hash",
        arguments: [
            ("try=1", "try=10"), ("page 9 of 12", "page 10 of 12"), ("a1b", "a22b"),
            ("at 2026-11-20T22:21:21.940Z", "at 2027-01-02T03:04:05.6Z"),
            ("id 123e4567-e89b-12d3-a456-426614174000", "id abcdefab-cdef-abcd-efab-cdefabcdefab"),
            ("sha 0123456789abcdef01", "sha 99fffffffffffffffffffff"), ("sha deadbeef0000", "sha 123456789012"),
        ]
    )
    func equal(left: String, right: String) {
        #expect(Self.normalized(left) == Self.normalized(right))
    }

    @Test(
        "what tells errors apart does",
        arguments: [
            ("grep foo", "grep bar"), ("try=1", "try=a"), ("a1b", "a1c"), ("x 1", "x  1"),
            ("deadbeefcafe", "facadefacade"),
            ("/a/b x", "/a/c y"), ("", "1"), ("4f3a9c1", "4f3b9c1"), ("12345678-1234", "12345678"),
        ]
    )
    func different(left: String, right: String) {
        #expect(Self.normalized(left) != Self.normalized(right))
    }

    @Test(
        "a path in an error is a place, not a cause",
        arguments: [
            ("File /work/a.py not found", "File /srv/x/b.py not found"), ("cannot open 'src/a'", "cannot open 'lib/b'"),
            ("./x: no such file", "../y: no such file"),
        ]
    )
    func paths(left: String, right: String) {
        #expect(Self.normalized(left) == Self.normalized(right))
    }

    @Test(
        "the longest sleep of a command is found, in seconds",
        arguments: [
            ("sleep 30", 30), ("make && sleep 5m; x", 300), ("sleep 0.5", 1), ("sleep 1; sleep 2h; sleep 3", 7_200),
            ("nosleep 30", -1), ("usleep 30", -1), ("sleep", -1), ("sleep $N", -1), (#"a\nsleep 7"#, 7),
            ("(sleep  8)", 8),
            ("time.sleep 9", 9), ("/bin/sleep 9", -1), ("sleep 1.", 1), ("sleep 1d", 86_400),
        ] as [(String, Int64)]
    )
    func sleeps(command: String, seconds: Int64) {
        let bytes = Array(command.utf8)
        #expect(unsafe ActionFingerprint.sleepSeconds(in: bytes.span.bytes) == seconds)
    }

    @Test("the members of the arguments that matter are found, nested values and order notwithstanding")
    func members() {
        let found = Self.fingerprint(
            #"{ "x": [1, {"command": "no"}, "]"], "file_path" : "/a \"b\".py", "run_in_background": true, "#
                + #""command":"  git commit -m x; sleep 3" , "git_commit_id":"abc" }"#
        )
        #expect(found.file == Self.hash.hash64(#"/a \"b\".py"#))
        #expect(found.command == Self.hash.hash64("git"))
        #expect(found.sleepSeconds == 3)
        #expect(found.runsInBackground && found.isCommit)
        #expect(found.serverTool == 0)
    }

    @Test("arguments cut off anywhere are read as far as they go")
    func cutOff() {
        let whole = #"{"file_path":"/a/b","command":"ls -l","git_commit_id":"x","y":{"z":[1,2,"3\""]}}"#
        for count in 0...whole.utf8.count {
            let found = Self.fingerprint(String(decoding: Array(whole.utf8)[..<count], as: UTF8.self))
            if count >= #"{"file_path":"/a/b""#.utf8.count { #expect(found.file == Self.hash.hash64("/a/b")) }
        }
        for text in ["", "{", "[]", "null", "{{{{", "}", #"{"a""#, #"{"a":"#, #"{"a"}"#, "\\", #"{"a":"\"#] {
            #expect(Self.fingerprint(text).file == 0)
        }
    }

    @Test("`git_commit_id` null is no commit; `bash_command` is the command")
    func parameters() {
        let found = Self.fingerprint(#"{"git_commit_id":null,"full_command":"A=1 npm test","bash_command":"npm"}"#)
        #expect(!found.isCommit)
        #expect(found.command == Self.hash.hash64("npm"))
    }

    @Test("another key gives other fingerprints")
    func keys() {
        let text = #"{"file_path":"/a","command":"ls"}"#
        let one = Self.fingerprint(text, key: 1)
        let two = Self.fingerprint(text, key: 2)
        #expect(one.exact != two.exact)
        #expect(one.file != two.file && one.command != two.command)
    }
}
