/// What the session wrote: whether files changed since an action was taken, and when changing them is no progress.
struct EditHistory {
    /// Successful new edits.
    private(set) var count: UInt16 = 0
    private var repeatRound: UInt32 = 0

    // One file that is edited again and again.
    private var file: UInt32 = 0
    private var fileCount: UInt16 = 0
    private var learning = Learning.Mark()

    func changedFiles(since record: ActionRecord) -> Bool { self.count != record.editCount }

    /// Only edits that were made before came in between: they bring verdicts that were seen before.
    func wasRedone(since record: ActionRecord) -> Bool {
        self.count == record.editCount && self.repeatRound > record.learning.round
    }

    mutating func forgetFile() { self.fileCount = 0 }

    mutating func noteRepeat(_ learning: Learning) { self.repeatRound = learning.round }

    /// A new edit. Edits of one file without end, and nothing learnt in between, are no progress any more. Without tool
    /// details no file is known.
    mutating func take(
        _ edit: Observation,
        _ learning: Learning,
        _ configuration: borrowing DetectionConfiguration
    ) -> Judgement {
        self.fileCount = edit.file != 0 && edit.file == self.file ? self.fileCount.nextClamped : 1
        self.file = edit.file
        let learnt = learning.perRound(since: self.learning) ?? 0
        self.learning = learning.mark()
        if self.fileCount >= configuration.churnEdits { return Judgement(.repeatedEdit, max(0, 1 - learnt)) }
        self.learning = learning.mark(with: EvidenceKind.newEdit.learning)
        self.count &+= 1
        return Judgement(.newEdit)
    }
}
