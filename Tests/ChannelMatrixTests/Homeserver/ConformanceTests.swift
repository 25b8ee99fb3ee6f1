import ChannelConformance
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Matrix does what every channel must do, with Synapse", .serialized, .enabled(if: Judge.isOn))
struct ConformanceTests {
    @Test(.timeLimit(.minutes(5)), arguments: ConformanceCheck.allCases)
    func `T03 T07 T31 T32 T70 Matrix does what every channel does`(check: ConformanceCheck) async throws {
        try await MatrixWorld.run { world in try await conform(check, world) }
    }

    /// What passes through the encryption.
    private static let ofEncryption: [ConformanceCheck] = [
        .text, .mention, .reply, .thread, .edit, .delete, .reaction, .fileIn, .oversizeFileIn, .ownEcho, .otherBot,
        .storeFailure, .restart, .backlog, .markdown, .longText, .emoji, .editOut, .fileOut, .threadOut, .numberedCard,
        .openDM, .draft, .tooMany, .lostAnswer, .badFormatting, .dropMidEvent, .revoked, .notConnected,
    ]

    @Test("In encrypted rooms", .timeLimit(.minutes(5)), arguments: ofEncryption)
    func encrypted(check: ConformanceCheck) async throws {
        try await MatrixWorld.run(isEncrypted: true) { world in try await conform(check, world) }
    }
}
