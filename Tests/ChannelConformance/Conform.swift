import ChannelKit
import TestSupport
import Testing

/// Puts one platform to one check; what it does wrong is recorded as issues of the running test.
///
/// The world is fresh: nobody has written yet, and no adapter has run. A platform's test target is one parameterised test
/// over `ConformanceCheck.allCases` that makes a world for each. A check from which the world is exempt is recorded as a
/// warning with the reason.
package func conform(_ check: ConformanceCheck, _ world: some PlatformWorld) async throws {
    try await withTemporaryDirectory { folder in
        let stage = Stage(world, media: folder, largest: check == .oversizeFileIn ? Stage.smallLimit : nil)
        if let reason = world.exemptions[check] {
            let capabilities = try stage.adapter().capabilities
            #expect(!reason.isEmpty, "\(world.platform.title): say why \"\(check.rawValue)\" is impossible")
            #expect(
                !check.isClaimed(by: capabilities),
                "\(world.platform.title) is exempt from \"\(check.rawValue)\", but its capabilities say that it can"
            )
            Issue.record("\(world.platform.title), \(check.rawValue): exempt, \(reason)", severity: .warning)
            return
        }
        try await stage.play(check)
    }
}

extension ConformanceCheck {
    /// Whether an adapter says that it can do what this check is about.
    func isClaimed(by capabilities: ChannelCapabilities) -> Bool {
        switch self {
        case .editOut, .closedCard: capabilities.edits
        case .reactionOut: capabilities.reactions
        case .fileOut: capabilities.files
        case .threadOut: capabilities.threads
        case .card, .press: capabilities.buttons
        case .draft: capabilities.drafts != .none
        default: false
        }
    }
}

extension Stage {
    func play(_ check: ConformanceCheck) async throws {
        switch check {
        case .text: try await text()
        case .mention: try await mention()
        case .reply: try await reply()
        case .thread: try await thread()
        case .edit: try await edit()
        case .delete: try await delete()
        case .reaction: try await reaction()
        case .fileIn: try await fileIn()
        case .oversizeFileIn: try await oversizeFileIn()
        case .duplicate: try await duplicate()
        case .reordered: try await reordered()
        case .ownEcho: try await ownEcho()
        case .otherBot: try await otherBot()
        case .storeFailure: try await storeFailure()
        case .restart: try await restart()
        case .backlog: try await backlog()
        case .markdown: try await markdown()
        case .longText: try await longText()
        case .emoji: try await emoji()
        case .codeSplit: try await codeSplit()
        case .preview: try await preview()
        case .editOut: try await editOut()
        case .reactionOut: try await reactionOut()
        case .fileOut: try await fileOut()
        case .oversizeFileOut: try await oversizeFileOut()
        case .threadOut: try await threadOut()
        case .card: try await card()
        case .closedCard: try await closedCard()
        case .press: try await press()
        case .numberedCard: try await numberedCard()
        case .typing: try await typing()
        case .openDM: try await openDM()
        case .draft: try await draft()
        case .tooMany: try await tooMany()
        case .serverError: try await serverError()
        case .lostAnswer: try await lostAnswer()
        case .badFormatting: try await badFormatting()
        case .dropMidEvent: try await dropMidEvent()
        case .reconnectRequest: try await reconnectRequest()
        case .reconnects: try await reconnects()
        case .revoked: try await revoked()
        case .secondPoller: try await secondPoller()
        case .notConnected: try await notConnected()
        }
    }
}
