import ChannelConformance
import Synchronization
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(3))) struct `The suite finds planted mistakes` {
    /// Which check finds which mistake, and what it says about it.
    static let findings: [(LoopMistake, ConformanceCheck, String)] = [
        (.namesPeopleByName, .text, "senderNativeID"),
        (.takesEverythingForMention, .mention, "isMention"),
        (.leavesMentionInText, .mention, "for the message \"are you there?\""),
        (.forgetsQuotes, .reply, "replyTo"),
        (.forgetsThreads, .thread, "within.address"),
        (.tellsEditsAsMessages, .edit, "for two edits"),
        (.forgetsDeletions, .delete, "for a deletion"),
        (.reusesKeysOfChanges, .reaction, "a key of its own"),
        (.leavesFiles, .fileIn, "left behind"),
        (.spoilsFiles, .fileIn, "the bytes arrive as they were"),
        (.dropsTextOfFiles, .oversizeFileIn, "words on the file"),
        (.makesNewKeys, .duplicate, "a repeat has the same key"),
        (.makesNewKeys, .storeFailure, "keeps its key"),
        (.dropsSwapped, .reordered, "for three messages"),
        (.handsOverOwn, .ownEcho, "an own message is no event"),
        (.takesBotsForPeople, .otherBot, "isBot"),
        (.confirmsUnstored, .storeFailure, "for three messages"),
        (.confirmsUnstored, .restart, "what was not stored comes first"),
        (.skipsBacklog, .backlog, "for what was written meanwhile"),
        (.showsPreviews, .preview, "asks for no preview"),
        (.sendsMarkup, .markdown, "is markup, which nobody sees"),
        (.losesTheEnd, .longText, "for the last word"),
        (.cutsCharacters, .emoji, "no character is cut"),
        (.opensFencesOnce, .codeSplit, "every line of code"),
        (.editsAnew, .editOut, "no message of its own"),
        (.ignoresReactions, .reactionOut, "for a reaction on the message"),
        (.renamesFiles, .fileOut, "the bytes arrive as they are"),
        (.refusesBigFiles, .oversizeFileOut, "no chat of this account"),
        (.sendsOutsideOfThreads, .threadOut, "thread"),
        (.losesButtons, .card, "shown.buttons"),
        (.namesFirstPart, .closedCard, "the buttons go"),
        (.editsAnew, .closedCard, "makes no message"),
        (.forgetsPressers, .press, "the presser is told"),
        (.changesAnswers, .numberedCard, "for the card"),
        (.hangsOnTyping, .typing, "for typing to be shown"),
        (.hidesTyping, .typing, "the work to be shown"),
        (.keepsTyping, .typing, "nothing of it to be left"),
        (.opensNewDMs, .openDM, "opening twice"),
        (.showsLateDrafts, .draft, "one message with the final text"),
        (.sendsBesideDrafts, .draft, "has the draft's place"),
        (.losesFinals, .draft, "a lost draft loses no message"),
        (.sendsAgainAtOnce, .tooMany, "is waited for"),
        (.rejectsForGood, .tooMany, "not .rejected"),
        (.rejectsForGood, .serverError, "is transient"),
        (.sendsTwice, .lostAnswer, "once only"),
        (.forgetsKeys, .lostAnswer, "once only"),
        (.givesUpFormatting, .badFormatting, "not given up"),
        (.losesCutMessages, .dropMidEvent, "for both messages"),
        (.opensTwoLinks, .reconnects, "one link at a time"),
        (.opensTwoLinks, .reconnectRequest, "one link at a time"),
        (.endsOnFailure, .revoked, "ended by itself"),
        (.hidesFailures, .revoked, "says that the link is lost"),
        (.tellsSecrets, .revoked, "is a secret"),
        (.hidesFailures, .secondPoller, "another program"),
        (.rejectsBeforeItRuns, .notConnected, ".notConnected"),
    ]

    @Test(arguments: findings)
    func `each by the check it belongs to, in words that say what it is`(
        mistake: LoopMistake,
        check: ConformanceCheck,
        words: String
    ) async throws {
        let found = Mutex<[String]>([])
        try await ConformanceNet.$limit.withValue(.seconds(2)) {
            try await withTemporaryDirectory { folder in
                let world = try LoopWorld(folder: folder, mistake: mistake)
                try await withKnownIssue {
                    try await conform(check, world)
                } matching: { issue in
                    found.withLock { $0.append("\(issue)") }
                    return true
                }
            }
        }
        let issues = found.withLock { $0 }
        #expect(issues.contains { $0.contains(words) })
    }

    @Test func `and every mistake and every check is tried`() {
        #expect(Set(Self.findings.map(\.0)) == Set(LoopMistake.allCases))
        #expect(Set(Self.findings.map(\.1)) == Set(ConformanceCheck.allCases))
    }

    @Test func `an exemption from what an adapter says that it can is one too`() async throws {
        try await withTemporaryDirectory { folder in
            let world = ExemptWorld(world: try LoopWorld(folder: folder))
            try await withKnownIssue {
                try await conform(.editOut, world)
            } matching: { issue in
                // The warning that says what is exempt is none.
                issue.severity == .error
            }
        }
    }
}
