/// What every adapter must do; docs/testing.md says where each runs.
package enum ConformanceCheck: String, Sendable, CaseIterable, CodingKeyRepresentable {
    // In.
    case text, mention, reply, thread, edit, delete, reaction, fileIn = "file in", oversizeFileIn = "oversize file in"
    case duplicate, reordered, ownEcho = "own echo", otherBot = "other bot", storeFailure = "store failure"
    case restart, backlog
    // Out.
    case markdown, longText = "long text", emoji, codeSplit = "code split", preview, editOut = "edit out"
    case reactionOut = "reaction out", fileOut = "file out", oversizeFileOut = "oversize file out", threadOut =
        "thread out"
    case card, closedCard = "closed card", press, numberedCard = "numbered card", typing, openDM = "open DM"
    case draft
    // Faults.
    case tooMany = "too many", serverError = "server error", lostAnswer = "lost answer", badFormatting =
        "bad formatting"
    case dropMidEvent = "drop mid-event", reconnectRequest = "reconnect request", reconnects
    case revoked, secondPoller = "second poller", notConnected = "not connected"
}
