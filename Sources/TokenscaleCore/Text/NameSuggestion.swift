/// What a misspelt name most likely meant.
package enum NameSuggestion {
    /// The candidate within an edit distance of 3 (half of a short word), the nearest one.
    package static func nearest(to word: String, in candidates: some Collection<String>) -> String? {
        self.scored(word, candidates).min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// The candidates that are near, contain the word, or are contained in it; the nearest first, at most `limit`.
    package static func similar(to word: String, in candidates: some Collection<String>, limit: Int = 3) -> [String] {
        var found = Dictionary(self.scored(word, candidates).map { ($0.name, $0.distance) }) { first, _ in first }
        let word = word.lowercased()
        for name in candidates where found[name] == nil && min(word.count, name.count) >= 3 {
            let other = name.lowercased()
            if other.contains(word) || word.contains(other) { found[name] = 10 }
        }
        return found.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(limit).map(\.key)
    }

    private static func scored(
        _ word: String,
        _ candidates: some Collection<String>
    ) -> [(name: String, distance: Int)] {
        let word = word.lowercased()
        let limit = min(3, max(1, word.count / 2))
        return candidates.lazy.filter { abs($0.count - word.count) <= limit }
            .map { (name: $0, distance: self.editDistance(word, $0.lowercased())) }
            .filter { $0.distance <= limit }
    }

    /// Levenshtein's distance, one row at a time.
    private static func editDistance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let substitution = diagonal + (right[column] == character ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substitution, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
