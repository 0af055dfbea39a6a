// Made from captures of Claude Code CLI 2.1.329 (Tests/Fixtures/otlp): one line for each event that carries signal.

extension DemoRecording {
    /// A failing test, edits, the test passes: `test-fix`.
    static let fixer = DemoRecording(
        #"""
        0 0 0 prompt 10
        717 0 1 decision Read accept
        780 0 1 request opus 10 108 0 17901 91705 494 sdk
        872 0 1 result Read true - 121 47 96 {"file_path":"src/app.py"}
        1354 0 2 decision Bash accept
        1514 0 2 request opus 11 83 17901 357 7069 419 sdk
        1610 0 2 result Bash false ShellError 236 69 - {"command":"python3 tests/test_app.py"}
        1871 0 3 decision Edit accept
        1884 0 3 result Edit true - 12 123 137 {"file_path":"src/app.py","old_string":"return a - b","new_string\#
        ":"return a * b"}
        2053 0 3 request opus 5 121 18258 301 7597 414 sdk
        2342 0 4 decision Bash accept
        2375 0 4 result Bash false ShellError 33 69 - {"command":"python3 tests/test_app.py"}
        2493 0 4 request opus 6 101 18559 703 9271 412 sdk
        2863 0 5 decision Edit accept
        2866 0 5 result Edit true - 3 123 137 {"file_path":"src/app.py","old_string":"return a * b","new_string"\#
        :"return b - a"}
        2919 0 5 request opus 3 79 19262 801 9449 416 sdk
        3195 0 6 decision Bash accept
        3243 0 6 result Bash false ShellError 45 69 - {"command":"python3 tests/test_app.py"}
        3350 0 6 request opus 5 74 20063 386 7443 407 sdk
        3623 0 7 decision Edit accept
        3626 0 7 result Edit true - 3 123 137 {"file_path":"src/app.py","old_string":"return b - a","new_string"\#
        :"return a / b"}
        3797 0 7 request opus 6 109 20449 391 8249 432 sdk
        4026 0 8 decision Bash accept
        4062 0 8 result Bash false ShellError 35 69 - {"command":"python3 tests/test_app.py"}
        4230 0 8 request opus 6 71 20840 1401 12617 417 sdk
        4506 0 9 decision Edit accept
        4509 0 9 result Edit true - 3 123 137 {"file_path":"src/app.py","old_string":"return a / b","new_string"\#
        :"return a + b"}
        4661 0 9 request opus 3 72 22241 1010 10950 409 sdk
        4935 0 10 decision Bash accept
        4987 0 10 result Bash true - 47 69 2 {"command":"python3 tests/test_app.py"}
        5081 0 10 request opus 11 85 23251 1302 12904 408 sdk
        5515 0 11 request opus 3 53 24553 1296 12463 407 sdk
        5515 0 11 response 6
        """#
    )

    /// Healthy work with single failures on the way: `mixed-healthy`.
    static let reviewer = DemoRecording(
        #"""
        0 0 0 prompt 31
        1124 0 1 decision Bash accept
        1230 0 1 result Bash true - 95 48 59 {"command":"ls -R ."}
        1524 0 1 request opus 6 77 0 17838 90754 1240 sdk
        1524 0 1 response 9
        2092 0 2 decision Bash accept
        2116 0 2 result Bash true - 24 59 0 {"command":"grep -rn TODO src"}
        2564 0 2 request opus 11 95 17838 874 9882 1028 sdk
        3129 0 3 decision Read accept
        3136 0 3 result Read false TelemetrySafeError 5 50 - {"file_path":"docs/guide.md"}
        3601 0 3 request opus 9 83 18712 346 7168 1009 sdk
        4422 0 4 decision Read accept
        4441 0 4 result Read true - 18 47 96 {"file_path":"src/app.py"}
        5127 0 4 request opus 11 79 19058 1517 13021 1509 sdk
        5712 0 5 decision Bash accept
        5776 0 5 result Bash false ShellError 62 69 - {"command":"python3 tests/test_app.py"}
        6159 0 5 request opus 7 91 20575 229 7108 1009 sdk
        7244 0 6 decision Edit accept
        7258 0 6 result Edit true - 12 123 137 {"file_path":"src/app.py","old_string":"return a - b","new_string\#
        ":"return a + b"}
        8189 0 6 request opus 9 86 20804 1319 12512 2019 sdk
        8189 0 6 response 7
        8755 0 7 decision Bash accept
        8905 0 7 result Bash true - 149 69 2 {"command":"python3 tests/test_app.py"}
        9271 0 7 request opus 5 103 22123 1182 12415 1050 sdk
        10234 0 8 decision Write accept
        10263 0 8 result Write true - 28 151 134 {"file_path":"tests/test_neg.py"}
        10892 0 8 request opus 7 131 23305 1372 14169 1511 sdk
        11483 0 9 decision Bash accept
        11522 0 9 result Bash false ShellError 35 72 - {"command":"python3 tests/test_neg.py"}
        11983 0 9 request opus 10 106 24677 927 11730 1033 sdk
        12637 0 10 decision Edit accept
        12654 0 10 result Edit true - 8 114 144 {"file_path":"tests/test_neg.py","old_string":"== 1","new_string\#
        ":"== 0"}
        13226 0 10 request opus 3 105 25604 1107 12768 1212 sdk
        13227 0 10 response 25
        13796 0 11 decision Bash accept
        13856 0 11 result Bash true - 60 98 2 {"command":"python3 tests/test_neg.py && python3 tests/test_app.py\#
        "}
        14250 0 11 request opus 9 71 26711 1365 13623 1008 sdk
        15284 0 12 request opus 6 68 28076 707 10534 1018 sdk
        15284 0 12 response 15
        """#
    )

    /// A subagent works beside its parent: `subagent`.
    static let delegator = DemoRecording(
        #"""
        0 0 0 prompt 38
        292 0 1 decision Agent accept
        312 0 1 result Agent true - 18 112 1085 {"subagent_type":"general-purpose"}
        484 0 1 request opus 3 85 0 18110 92262 416 sdk
        484 0 1 response 14
        564 1 2 decision Bash accept
        589 1 2 result Bash true - 23 49 6 {"command":"ls src"}
        755 1 2 request opus 8 72 0 5759 30267 411 agent:builtin:general-purpose
        911 0 3 request opus 4 75 18110 1094 10608 409 sdk
        911 0 3 response 35
        1050 1 4 decision Read accept
        1058 1 4 result Read true - 6 47 96 {"file_path":"src/app.py"}
        1195 1 4 request opus 4 56 5759 902 6798 423 agent:builtin:general-purpose
        1650 1 5 request opus 6 84 6661 468 5376 415 agent:builtin:general-purpose
        1650 1 5 response 27
        1694 0 0 prompt 719
        2126 0 6 request opus 8 77 19204 1178 11303 406 sdk
        2127 0 6 response 5
        """#
    )

    /// The same failing command again and again, about six requests a minute: `stuck-slow-a`.
    static let migrator = DemoRecording(
        #"""
        0 0 0 prompt 25
        3120 0 1 decision Bash accept
        3195 0 1 result Bash false ShellError 70 69 - {"command":"python3 tests/test_app.py"}
        6099 0 1 request opus 7 123 0 17990 92438 6031 sdk
        6099 0 1 response 31
        10681 0 2 decision Bash accept
        10721 0 2 result Bash false ShellError 39 69 - {"command":"python3 tests/test_app.py"}
        15175 0 2 request opus 6 69 17990 513 7567 9042 sdk
        19771 0 3 decision Bash accept
        19872 0 3 result Bash false ShellError 99 69 - {"command":"python3 tests/test_app.py"}
        24199 0 3 request opus 4 107 18503 1492 13317 9012 sdk
        28781 0 4 decision Bash accept
        28826 0 4 result Bash false ShellError 45 69 - {"command":"python3 tests/test_app.py"}
        33234 0 4 request opus 10 84 19995 1589 13664 9012 sdk
        37811 0 5 decision Bash accept
        37888 0 5 result Bash false ShellError 75 69 - {"command":"python3 tests/test_app.py"}
        42302 0 5 request opus 10 64 21584 878 10027 9053 sdk
        46918 0 6 decision Bash accept
        46966 0 6 result Bash false ShellError 47 69 - {"command":"python3 tests/test_app.py"}
        51413 0 6 request opus 10 112 22462 363 8587 9029 sdk
        55999 0 7 decision Bash accept
        56062 0 7 result Bash false ShellError 62 69 - {"command":"python3 tests/test_app.py"}
        60489 0 7 request opus 7 72 22825 921 10638 9016 sdk
        65059 0 8 decision Bash accept
        65140 0 8 result Bash false ShellError 79 69 - {"command":"python3 tests/test_app.py"}
        69514 0 8 request opus 4 91 23746 649 9830 9013 sdk
        74075 0 9 decision Bash accept
        74122 0 9 result Bash false ShellError 46 69 - {"command":"python3 tests/test_app.py"}
        78560 0 9 request opus 9 88 24395 797 10660 9012 sdk
        83169 0 10 decision Bash accept
        83255 0 10 result Bash false ShellError 85 69 - {"command":"python3 tests/test_app.py"}
        87606 0 10 request opus 8 89 25192 943 11565 9027 sdk
        92155 0 11 decision Bash accept
        92183 0 11 result Bash false ShellError 27 69 - {"command":"python3 tests/test_app.py"}
        96650 0 11 request opus 4 100 26135 1105 12768 9019 sdk
        101381 0 12 decision Bash accept
        101521 0 12 result Bash false ShellError 138 69 - {"command":"python3 tests/test_app.py"}
        105683 0 12 request opus 10 65 27240 470 9138 9013 sdk
        """#
    )
}
