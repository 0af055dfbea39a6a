extension StringProtocol {
    /// A Swift name as settings and files write it: `[0].tls-ca-file` of `[0].tlsCAFile`.
    var kebabCased: String {
        let characters = Array(self)
        return characters.indices.map { index in
            let character = characters[index]
            guard character.isUppercase, index > 0 else { return String(character) }
            let isWordStart = index + 1 < characters.count && characters[index + 1].isLowercase
            let needsDash = characters[index - 1].isLowercase || (characters[index - 1].isUppercase && isWordStart)
            return (needsDash ? "-" : "") + character.lowercased()
        }.joined()
    }
}
