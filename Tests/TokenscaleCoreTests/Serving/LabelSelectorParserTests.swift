import Testing
import TokenscaleCore

@Suite("LabelSelector, parsed")
struct LabelSelectorParserTests {
    private static func parse(_ text: String) throws -> [LabelSelector.Requirement] {
        try LabelSelector(parsing: text).requirements
    }

    @Test(
        "reads every operator",
        arguments: [
            ("", []),
            ("app=x", [.init(key: "app", operation: .isIn(["x"]))]),
            ("app==x", [.init(key: "app", operation: .isIn(["x"]))]),
            ("app!=x", [.init(key: "app", operation: .isNotIn(["x"]))]),
            ("app", [.init(key: "app", operation: .exists)]),
            ("!app", [.init(key: "app", operation: .doesNotExist)]),
            ("type in (input,output)", [.init(key: "type", operation: .isIn(["input", "output"]))]),
            ("env notin (dev)", [.init(key: "env", operation: .isNotIn(["dev"]))]),
            ("n>3", [.init(key: "n", operation: .isGreaterThan(3))]),
            ("n<3", [.init(key: "n", operation: .isLessThan(3))]),
            ("x in ()", [.init(key: "x", operation: .isIn([""]))]),
            ("x in (,a)", [.init(key: "x", operation: .isIn(["", "a"]))]),
            ("x in (a,,b)", [.init(key: "x", operation: .isIn(["a", "", "b"]))]),
            ("x in (a,)", [.init(key: "x", operation: .isIn(["a", ""]))]),
            ("x=", [.init(key: "x", operation: .isIn([""]))]),
            ("x=,y", [.init(key: "x", operation: .isIn([""])), .init(key: "y", operation: .exists)]),
            ("in in (in)", [.init(key: "in", operation: .isIn(["in"]))]),
            ("notin=in", [.init(key: "notin", operation: .isIn(["in"]))]),
            ("  a = b , c ", [.init(key: "a", operation: .isIn(["b"])), .init(key: "c", operation: .exists)]),
            ("example.com/app=x", [.init(key: "example.com/app", operation: .isIn(["x"]))]),
            (
                "env notin (dev),gpu,model=opus-4.5,!old,team=core,type in (input,output)",
                [
                    .init(key: "env", operation: .isNotIn(["dev"])), .init(key: "gpu", operation: .exists),
                    .init(key: "model", operation: .isIn(["opus-4.5"])),
                    .init(key: "old", operation: .doesNotExist), .init(key: "team", operation: .isIn(["core"])),
                    .init(key: "type", operation: .isIn(["input", "output"])),
                ]
            ),
        ] as [(String, [LabelSelector.Requirement])]
    )
    func reads(text: String, requirements: [LabelSelector.Requirement]) throws {
        #expect(try Self.parse(text) == requirements)
    }

    @Test(
        "says what Kubernetes says of a fault",
        arguments: [
            ("a===b", "unable to parse requirement: found '=', expected: identifier"),
            ("!!", "unable to parse requirement: found '!', expected: identifier"),
            ("app in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
            ("app in (a", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("app in a", "unable to parse requirement: found 'a' expected: '('"),
            ("app x", "unable to parse requirement: found 'x', expected: in, notin, =, ==, !=, gt, lt"),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
            ("a=b,", "found '', expected: identifier after ','"),
            ("=a", "found '=', expected: !, identifier, or 'end of string'"),
            (")", "found ')', expected: !, identifier, or 'end of string'"),
            ("!a=b", "found '=', expected: ',' or 'end of string'"),
            (
                "n>x",
                "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value "
                    + "must be an integer"
            ),
            ("/a", "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty"),
        ]
    )
    func faults(text: String, message: String) {
        #expect(throws: LabelSelectorError(message: message)) { try Self.parse(text) }
    }

    @Test(
        "refuses keys and values that are no labels",
        arguments: ["a@b", "-a", "a=b@", "a=-b", "A_B/c", "a/b/c", "a=x/y"]
    )
    func refuses(text: String) {
        #expect(throws: LabelSelectorError.self) { try Self.parse(text) }
    }

    @Test("any text either parses or is refused", arguments: 0..<200)
    func anyText(seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        let alphabet = Array("ab ,=!()<>in-./\"\\é")
        var text = ""
        for _ in 0..<Int(state % 40) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text.append(alphabet[Int(state >> 33) % alphabet.count])
        }
        let parsed = try? LabelSelector(parsing: text)
        for requirement in parsed?.requirements ?? [] {
            #expect(LabelSyntax.faultOfKey(requirement.key) == nil)
        }
    }

    @Test(
        "matches labels as Kubernetes does",
        arguments: [
            ("app=x", true), ("app!=x", false), ("app!=y", true), ("none!=y", true), ("none notin (a)", true),
            ("none in (a)", false), ("app", true), ("!app", false), ("!none", true), ("n>3", true), ("n>4", false),
            ("n<5", true), ("app>1", false), ("none<1", false), ("app=x,n=4", true), ("app=x,n=5", false), ("", true),
        ]
    )
    func matches(text: String, expected: Bool) throws {
        #expect(try LabelSelector(parsing: text).matches(["app": "x", "n": "4"]) == expected)
    }
}
