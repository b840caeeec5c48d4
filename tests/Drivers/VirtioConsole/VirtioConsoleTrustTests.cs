using System.Text;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>A console device that says nonsense, breaks the rules of its rings, or is reset: nothing is lost but what was under way, and the ports come back.</summary>
public sealed class VirtioConsoleTrustTests
{
    public static TheoryData<string> Lies =>
    [
        "a buffer that is not in flight", "more octets than there is room for", "an empty buffer", "half a message", "a port beyond the last", "asks for a reset", "a sent buffer that is not in flight",
    ];

    public static TheoryData<string> Nonsense =>
    [
        "an unknown kind", "news of a port that is not there", "a port that is there already", "a name that is no UTF-8", "no name", "a second name", "half a size", "what only a driver says",
    ];

    [Theory]
    [MemberData(nameof(Lies))]
    public void ALyingDeviceIsResetAndItsPortsComeBack(string lie) => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        fixture.Console.HostReads = false;
        Assert.True(fixture.TrySend("lost"));
        await test.WhenIdle();
        var device = fixture.Console.Device;
        switch (lie)
        {
            case "a buffer that is not in flight":
                device.Queues[FakeConsole.ReceiveQueue(1)].PushAndInterrupt(9999, 1);
                break;
            case "more octets than there is room for":
                fixture.Console.Write(1, [1], claimed: 4097);
                break;
            case "an empty buffer":
                fixture.Console.Write(1, [], claimed: 0);
                break;
            case "half a message":
                fixture.Console.SayOctets(1, 0, 0, 0, 6, 0, 1);
                break;
            case "a port beyond the last":
                fixture.Console.Say(4, FakeConsole.DeviceAdd, 1);
                break;
            case "asks for a reset":
                device.AskForReset();
                break;
            default:
                device.Queues[FakeConsole.ReceiveQueue(1) + 1].PushAndInterrupt(15, 0);
                break;
        }

        fixture.Console.HostReads = true;
        await test.WhenIdle();
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Closed, ConsolePortEventKind.Opened], fixture.Client.Events);
        Assert.True(fixture.TrySend("found"));
        Assert.True(fixture.Console.Write(1, "hello"u8));
        await test.WhenIdle();
        Assert.Equal(("found", "hello"), (fixture.Console.TextOf(1), fixture.Client.Text));
        var statistics = await fixture.StatisticsAsync();
        Assert.Equal((1L, 1L, 4L), (statistics.DeviceViolations, statistics.Resets, statistics.SendLostInReset));
        await fixture.AssertNothingLeakedAsync(test);
    });

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void NonsenseIsCountedAndChangesNothing(string nonsense) => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        Assert.True(nonsense switch
        {
            "an unknown kind" => fixture.Console.Say(1, 77, 1),
            "news of a port that is not there" => fixture.Console.Say(2, FakeConsole.PortName, 1, (byte)'x'),
            "a port that is there already" => fixture.Console.Say(1, FakeConsole.DeviceAdd, 1),
            "a name that is no UTF-8" => fixture.Console.Say(2, FakeConsole.DeviceAdd, 1) && fixture.Console.Say(2, FakeConsole.PortName, 1, 0xC3, 0x28),
            "no name" => fixture.Console.Say(2, FakeConsole.DeviceAdd, 1) && fixture.Console.Say(2, FakeConsole.PortName, 1, 0),
            "a second name" => fixture.Console.Say(1, FakeConsole.PortName, 1, (byte)'x'),
            "half a size" => fixture.Console.Say(1, FakeConsole.Resize, 0, 80, 0, 25),
            _ => fixture.Console.Say(1, FakeConsole.PortReady, 1),
        });
        await test.WhenIdle();
        Assert.True(fixture.Console.Write(1, "hello"u8));
        await test.WhenIdle();
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Received], fixture.Client.Events);
        var statistics = await fixture.StatisticsAsync();
        Assert.Equal((1L, 0L, 0L), (statistics.ControlIgnored, statistics.DeviceViolations, statistics.Resets));
    });

    [Fact]
    public void PortsBeyondThoseThatAreServedAreRefused() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test);
            Assert.Contains(new(20, FakeConsole.PortReady, 0), fixture.Console.Said);
            // There is nothing to say of it any more.
            fixture.Console.Say(20, FakeConsole.PortOpen, 1);
            await test.WhenIdle();
            var statistics = await fixture.StatisticsAsync();
            Assert.Equal((1, 1L, 1L, 0L), (statistics.Ports, statistics.PortsRefused, statistics.ControlIgnored, statistics.DeviceViolations));
            Assert.Equal([ConsolePortEventKind.Opened], fixture.Client.Events);
        },
        configure: static console => console.Ports.AddRange([FakeConsole.Named(15, ConsoleFixture.PortName), FakeConsole.Named(20, "too many")]),
        ports: 31);

    [Fact]
    public void OctetsForAPortThatIsNotOpenAreDroppedAndCounted() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test);
            for (var round = 0; round < 20; round++)
            {
                Assert.True(fixture.Console.Write(1, "hello"u8));
                await test.WhenIdle();
            }

            Assert.Empty(fixture.Client.Events);
            var statistics = await fixture.StatisticsAsync();
            Assert.Equal((100L, 0L, 0L), (statistics.ReceiveDropped, statistics.ReceivedOctets, statistics.DeviceViolations));
        },
        configure: static console => console.Ports.Add(FakeConsole.Named(1, ConsoleFixture.PortName, isOpen: false)));

    [Fact]
    public void ADeviceThatTakesNoAnswersIsReset() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await test.WhenIdle();
            fixture.Console.TakesControl = false;
            for (var round = 0; round < 100 && fixture.Console.Say(20, FakeConsole.DeviceAdd, 1); round++)
            {
                await test.WhenIdle();
            }

            Assert.Equal(1, (await fixture.StatisticsAsync()).DeviceViolations);
        },
        configure: static _ => { },
        ports: 31);

    [Fact]
    public void ADeviceThatLiesAgainAndAgainIsLeftInResetForASecond() => ConsoleFixture.Run(async (test, fixture) =>
    {
        const int LiesInARow = 5;
        await fixture.AttachAsync(test);
        fixture.Console.Ports.Clear();
        for (var lie = 0; lie < LiesInARow; lie++)
        {
            fixture.Console.Device.Queues[2].PushAndInterrupt(9999, 8);
            await test.WhenIdle();
        }

        Assert.Equal(VirtioStatus.Reset, fixture.Console.Device.Status);
        fixture.Console.Ports.Add(FakeConsole.Named(1, ConsoleFixture.PortName));
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Closed, ConsolePortEventKind.Opened], fixture.Client.Events);
    });

    [Fact]
    public void ADeviceWhoseResetDoesNotEndKeepsItsBuffersUntilItDoes() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        fixture.Console.HostReads = false;
        Assert.True(fixture.TrySend("lost"));
        await test.WhenIdle();
        fixture.Console.Device.RefusesReset = true;
        fixture.Console.Device.Queues[2].PushAndInterrupt(9999, 8);
        await test.WhenIdle();
        // The device may still read it.
        Assert.Equal(1, fixture.Client.Port!.SendBuffers.RentedCount);
        fixture.Console.Device.RefusesReset = false;
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, fixture.Client.Port.SendBuffers.RentedCount);
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Closed, ConsolePortEventKind.Opened], fixture.Client.Events);
    });

    [Fact]
    public void ABufferThatIsNotThePortsIsNotSent() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        var foreign = FramePool.Create(new FramePoolOptions { FrameCount = 1 });
        Assert.True(foreign.TryRent(out var buffer));
        buffer.Append(Encoding.UTF8.GetBytes("foreign"));
        Assert.True(fixture.Driver.TryTell(ConsolePortMessage.Send(fixture.Client.Port!, buffer)));
        await test.WhenIdle();
        Assert.Equal((7L, 0L), ((await fixture.StatisticsAsync()).SendDropped, (await fixture.StatisticsAsync()).DeviceViolations));
        Assert.Equal(0, foreign.RentedCount);
        Assert.Equal(string.Empty, fixture.Console.TextOf(1));
    });
}
