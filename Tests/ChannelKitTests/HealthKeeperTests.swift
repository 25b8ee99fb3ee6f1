import ChannelKit
import Core
import TestSupport
import Testing

struct HealthKeeperTests {
    @Test func `a link may stand though nothing came by it`() {
        let time = ManualTime()
        let keeper = HealthKeeper(transport: "webhook", time: time)
        keeper.lost("the port is taken")
        time.advance(by: .seconds(1))
        keeper.connected()
        let connected = time.now
        #expect(keeper.health.state == .connected && keeper.health.since == connected)
        #expect(keeper.health.detail == nil && keeper.health.lastEvent == nil)
        time.advance(by: .seconds(1))
        keeper.heard()
        #expect(keeper.health.since == connected && keeper.health.lastEvent == time.now)
    }

    @Test func `what the platform asked to wait for is over at its time`() {
        let time = ManualTime()
        let keeper = HealthKeeper(transport: "long poll", time: time)
        keeper.limited(for: .seconds(3))
        time.advance(by: .seconds(2))
        #expect(keeper.health.rateLimitedUntil == time.now + .seconds(1))
        time.advance(by: .seconds(1))
        #expect(keeper.health.rateLimitedUntil == nil)
    }
}
