import ChannelKit
import Core
import Logging
import Testing

@testable import ChannelDiscord

/// A state that cannot be read for a while.
private actor ShyState: ChannelState {
    private var values: [String: String] = [:]
    private var isShy = false

    func hide(_ isShy: Bool) { self.isShy = isShy }

    func value(_ key: String) throws -> String? {
        guard !isShy else { throw ChannelError(.transient, "not now") }
        return values[key]
    }

    func set(_ key: String, _ value: String?) { values[key] = value }
}

struct ForumPostsTests {
    @Test func `what cannot be read for a while is not written over, and joined once it can`() async throws {
        let (state, logger) = (ShyState(), Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await ForumPosts(state: state, logger: logger).note(.post("1"), of: "old")
        await state.hide(true)
        let posts = ForumPosts(state: state, logger: logger)
        await posts.note(.post("2"), of: "new")
        #expect(await posts.known("new") == .post("2"))
        #expect(await posts.known("old") == nil)
        await state.hide(false)
        #expect(await posts.known("old") == .post("1"))
        await posts.note(.post("3"), of: "newest")
        let later = ForumPosts(state: state, logger: logger)
        for (name, post) in [("old", "1"), ("new", "2"), ("newest", "3")] {
            #expect(await later.known(name) == .post(post))
        }
    }
}
