import Testing

@testable import tokenscale

@Suite("the command line")
struct CommandLineTests {
    @Test(
        "a misspelt subcommand is told from one that does not exist",
        arguments: [
            (["sreve"], "There is no subcommand 'sreve'. Did you mean 'serve'?"),
            (["chek-config", "--config", "x"], "There is no subcommand 'chek-config'. Did you mean 'check-config'?"),
            (["silence", "ad", "pod=x"], "There is no subcommand 'ad' of 'silence'. Did you mean 'add'?"),
            (["alert", "frobnicate"], "There is no subcommand 'frobnicate' of 'alert'. There are test."),
        ]
    )
    func unknown(words: [String], fault: String) { #expect(Tokenscale.unknownCommand(in: words) == fault) }

    @Test(
        "what is a subcommand, a flag or an argument is left to the parser",
        arguments: [
            [], ["serve"], ["serve", "sreve"], ["--version"], ["help", "sreve"], ["silence"], ["silence", "--json"],
            ["silence", "add", "anything"], ["explain", "demo/fixer"],
        ]
    )
    func known(words: [String]) { #expect(Tokenscale.unknownCommand(in: words) == nil) }
}
