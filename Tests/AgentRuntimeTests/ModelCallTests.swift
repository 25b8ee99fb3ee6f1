import Core
import LinuxIO
import ModelProviders
import Testing

@testable import AgentRuntime

@Suite struct ModelCallTests {
    @Test func `an answer of many pieces that are there at once lets others in between`() async throws {
        let desk = try Desk()
        let (looks, look) = AsyncStream.makeStream(of: Bool.self)
        let provider = ManyPieces {
            // Comes to the desk's thread while that reads the answer.
            Task { look.yield(await desk.hasEnded) }
        }
        let text = try await desk.answer(of: provider)
        #expect(text.count == ManyPieces.count)
        for await hadEnded in looks {
            #expect(!hadEnded)
            break
        }
    }

    /// What reads an answer, on one thread as the runner does.
    private actor Desk {
        private let thread: ThreadExecutor
        private let live: LiveSender
        private(set) var hasEnded = false

        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        init() throws {
            thread = try ThreadExecutor()
            live = LiveSender(try PacketSocket.pair().0)
        }

        func answer(of provider: any ModelProvider) async throws -> String {
            let time = SystemTime()
            let call = ModelCall(
                provider: provider,
                name: "many",
                live: live,
                wait: ModelWait(since: time.monotonic),
                time: time
            )
            let answer = try await call.answer(to: ModelRequest(model: "m", system: "", messages: [.user("hi")]))
            hasEnded = true
            return answer.text
        }
    }

    private struct ManyPieces: ModelProvider {
        static let count = 1000
        let begun: @Sendable () -> Void

        func stream(_ request: ModelRequest) -> DirectStream<ModelEvent> {
            DirectStream { writer in
                begun()
                for _ in 0..<Self.count { writer.yield(.textDelta("x")) }
                writer.yield(.finished(.stop))
                writer.finish()
            }
        }
    }
}
