/// A table of the status page that fits the width of its window: texts wrap, and on a narrow screen the columns of the
/// highest rank go first.
struct StatusTable {
    struct Column {
        var title: String
        /// 0: always there. 1, 2, 3: from 700, 1000, 1300 pixels on.
        var rank = 0
        var isNumber = false
        /// Shows the row's style by its colour.
        var isTag = false
    }

    struct Row {
        var cells: [String]
        /// `critical`, `warning`, `unknown` or nothing.
        var style = ""
    }

    var title: String
    var columns: [Column]
    var rows: [Row]

    var html: String {
        let classes = self.columns.map { column in
            let names = [
                column.isNumber ? "n" : nil, column.isTag ? "tag" : nil, column.rank > 0 ? "w\(column.rank)" : nil,
            ].compactMap { $0 }
            return names.isEmpty ? "" : " class=\"\(names.joined(separator: " "))\""
        }
        let head = zip(self.columns, classes).map { "<th\($1)>\($0.title)</th>" }.joined()
        let rows = self.rows.map { row in
            let cells = zip(row.cells, classes).map { "<td\($1)>\(StatusPage.escape($0))</td>" }.joined()
            return "<tr class=\"\(row.style)\">\(cells)</tr>"
        }
        let hidden = self.columns.contains { $0.rank > 0 } ? Self.hiddenNote(self.columns) : ""
        return "<section><h2>\(self.title)</h2><div class=\"scroll\"><table><thead><tr>\(head)</tr></thead>"
            + "<tbody>\(rows.joined())</tbody></table></div>\(hidden)</section>"
    }

    /// Shown while a column is not.
    private static func hiddenNote(_ columns: [Column]) -> String {
        let widest = columns.map(\.rank).max() ?? 0
        return "<p class=\"note h\(widest)\">A wider window shows more columns.</p>"
    }

    static let style = """
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
        th,td{text-align:left;padding:.22rem .45rem;overflow-wrap:anywhere}td{min-width:6.5em}
        th{font-weight:600;border-bottom:1px solid var(--line);color:var(--dim);vertical-align:bottom;\
        overflow-wrap:normal}
        tr:nth-child(even) td{background:var(--soft)}
        .n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap;min-width:0}
        tr.critical td.tag{color:var(--red);font-weight:600}tr.warning td.tag{color:var(--amber);font-weight:600}
        tr.unknown td{color:var(--dim);font-style:italic}.note{color:var(--dim);display:none;margin:.3rem 0 0}
        @media(max-width:1299px){.w3{display:none}.h3{display:block}}
        @media(max-width:999px){.w2{display:none}.h2{display:block}}
        @media(max-width:699px){.w1{display:none}.h1{display:block}}
        """
}
