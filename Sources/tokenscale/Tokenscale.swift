@main
struct Tokenscale {
    static func main() { print("tokenscale") }
}
