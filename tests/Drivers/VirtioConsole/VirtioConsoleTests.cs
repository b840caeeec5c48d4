using System.Text;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>A virtio console device and the clients of its ports.</summary>
public sealed class VirtioConsoleTests
{
    private static readonly byte[] _hello = Encoding.UTF8.GetBytes("hello");

    [Fact]
    public void WithoutSeveralPortsTheOneIsTheConsoleAndIsOpen() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test, ConsolePortMessage.ConsoleName);
            Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Resized], fixture.Client.Events);
            Assert.Equal((80, 25), fixture.Client.Size);
            Assert.True(fixture.Console.Write(0, _hello));
            Assert.True(fixture.TrySend("and you"));
            await test.WhenIdle();
            Assert.Equal(("hello", "and you"), (fixture.Client.Text, fixture.Console.TextOf(0)));
            Assert.Empty(fixture.Console.Said);
            await fixture.AssertNothingLeakedAsync(test);
        },
        FakeConsole.Usual & ~FakeConsole.Multiport);

    [Fact]
    public void AResizeOfTheTerminalIsTold() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test, ConsolePortMessage.ConsoleName);
            fixture.Console.Device.Configuration[0] = 132;
            fixture.Console.Device.ChangeConfiguration();
            await test.WhenIdle();
            Assert.Equal((132, 25), fixture.Client.Size);
        },
        FakeConsole.Usual & ~FakeConsole.Multiport);

    [Theory]
    [InlineData("mmio", FakeConsole.Usual)]
    [InlineData("mmio", FakeConsole.Usual & ~VirtioFeatures.EventIndex)]
    [InlineData("mmio", FakeConsole.Usual | VirtioFeatures.RingPacked)]
    [InlineData("pci-msix", FakeConsole.Usual)]
    [InlineData("pci-intx", FakeConsole.Usual)]
    public void OctetsGoBothWaysInOrder(string transport, ulong features) => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test);
            var random = new Random(1);
            var written = new byte[300_000];
            random.NextBytes(written);
            for (var done = 0; done < written.Length;)
            {
                var part = written.AsSpan(done, Math.Min(random.Next(1, 4097), written.Length - done));
                if (fixture.Console.Write(1, part))
                {
                    done += part.Length;
                }
                else
                {
                    await test.WhenIdle();
                }
            }

            for (var done = 0; done < written.Length;)
            {
                var part = written.AsSpan(done, Math.Min(random.Next(1, 4097), written.Length - done));
                if (fixture.TrySend(part))
                {
                    done += part.Length;
                }
                else
                {
                    await test.WhenIdle();
                }
            }

            await test.WhenIdle();
            Assert.Equal(written, fixture.Client.Octets);
            Assert.Equal(written, fixture.Console.Read[1]);
            var statistics = await fixture.StatisticsAsync();
            Assert.Equal((written.Length, written.Length, 0, 0), (statistics.ReceivedOctets, statistics.SentOctets, statistics.ReceiveDropped, statistics.SendDropped));
            await fixture.AssertNothingLeakedAsync(test);
        },
        features,
        transport);

    [Fact]
    public void TheDriverSaysWhatTheStandardAsksFor() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await test.WhenIdle();
        FakeConsole.Message[] ready = [new(0, FakeConsole.DeviceReady, 1), new(1, FakeConsole.PortReady, 1)];
        Assert.Equal(ready, fixture.Console.Said);
        // Nobody would hear what the host writes: it is held back.
        Assert.False(fixture.Console.Write(1, _hello));
        await fixture.AttachAsync(test);
        Assert.Equal([.. ready, new(1, FakeConsole.PortOpen, 1)], fixture.Console.Said);
        Assert.Equal([ConsolePortEventKind.Opened], fixture.Client.Events);
        Assert.Equal(ConsoleFixture.PortName, fixture.Client.Port!.Name);
        Assert.True(fixture.Driver.TryTell(ConsolePortMessage.Detach(fixture.Client)));
        await test.WhenIdle();
        Assert.Equal(new(1, FakeConsole.PortOpen, 0), fixture.Console.Said[^1]);
    });

    [Fact]
    public void AClientMayAttachBeforeThereIsItsPort() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test);
            Assert.Empty(fixture.Client.Events);
            fixture.Console.Say(2, FakeConsole.DeviceAdd, 1);
            fixture.Console.Say(2, FakeConsole.PortOpen, 1);
            // As QEMU ends a name.
            fixture.Console.Say(2, FakeConsole.PortName, 1, [.. Encoding.UTF8.GetBytes(ConsoleFixture.PortName), 0]);
            await test.WhenIdle();
            Assert.Equal([ConsolePortEventKind.Opened], fixture.Client.Events);
            Assert.True(fixture.Console.Write(2, _hello));
            await test.WhenIdle();
            Assert.Equal("hello", fixture.Client.Text);
        },
        configure: static _ => { });

    [Fact]
    public void PortsAreToldApart() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            var other = new RecordingPortClient();
            var terminal = new RecordingPortClient();
            await fixture.AttachAsync(test, "zwölf");
            Assert.True(fixture.Driver.TryTell(ConsolePortMessage.Attach("three", other)));
            Assert.True(fixture.Driver.TryTell(ConsolePortMessage.Attach(ConsolePortMessage.ConsoleName, terminal)));
            await test.WhenIdle();
            Assert.True(fixture.Console.Write(1, "one"u8));
            Assert.True(fixture.Console.Write(3, "three"u8));
            Assert.True(fixture.Console.Write(0, "zero"u8));
            Assert.True(fixture.TrySend("from three", other.Port));
            fixture.Console.Say(0, FakeConsole.Resize, 0, 100, 0, 40, 0);
            await test.WhenIdle();
            Assert.Equal(("one", "three", "zero"), (fixture.Client.Text, other.Text, terminal.Text));
            Assert.Equal(("", "from three"), (fixture.Console.TextOf(1), fixture.Console.TextOf(3)));
            Assert.Equal((100, 40), terminal.Size);
            Assert.Equal(3, (await fixture.StatisticsAsync()).Ports);
        },
        configure: static console => console.Ports.AddRange([FakeConsole.Named(1, "zwölf"), FakeConsole.Named(3, "three"), new(0, null, IsOpen: true, IsConsole: true)]));

    [Fact]
    public void TheHostOpensAndClosesAndOpensAgain() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        var first = fixture.Client.Port;
        Assert.True(fixture.Console.Write(1, "last words"u8));
        // The device says so at once; what the host had written before is heard before.
        fixture.Console.Say(1, FakeConsole.PortOpen, 0);
        await test.WhenIdle();
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Received, ConsolePortEventKind.Closed], fixture.Client.Events);
        Assert.True(fixture.TrySend("too late", first));
        fixture.Console.Say(1, FakeConsole.PortOpen, 1);
        await test.WhenIdle();
        Assert.NotSame(first, fixture.Client.Port);
        Assert.True(fixture.TrySend("for whoever came first", first));
        Assert.True(fixture.TrySend("welcome"));
        Assert.True(fixture.Console.Write(1, " and first ones"u8));
        await test.WhenIdle();
        Assert.Equal(("last words and first ones", "welcome"), (fixture.Client.Text, fixture.Console.TextOf(1)));
        Assert.Equal("too late".Length + "for whoever came first".Length, (await fixture.StatisticsAsync()).SendDropped);
        await fixture.AssertNothingLeakedAsync(test);
    });

    [Fact]
    public void APortThatIsOpenedTwiceIsOpenOnce() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        fixture.Console.Say(1, FakeConsole.PortOpen, 1);
        await test.WhenIdle();
        Assert.Equal([ConsolePortEventKind.Opened], fixture.Client.Events);
    });

    [Fact]
    public void OctetsThatOvertakeTheNewsThatThePortIsOpenAreHeard() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test);
            // The driver takes 64 messages at a look. Each buffer that it gives back is filled at once, so that the news is the 65th, and octets are there when the look is over.
            const int Look = 64, Buffers = 32;
            var console = fixture.Console;
            var usual = console.Device.OnNotify;
            var said = 0;
            console.Device.OnNotify = queue =>
            {
                usual(queue);
                if (queue == 2 && said < Look)
                {
                    said++;
                    Assert.True(console.Say(1, 77, 1));
                }
                else if (queue == 2 && said == Look)
                {
                    said++;
                    Assert.True(console.Say(1, FakeConsole.PortOpen, 1));
                    Assert.True(console.Write(1, _hello));
                }
            };
            for (; said < Buffers; said++)
            {
                Assert.True(console.Say(1, 77, 1));
            }

            await test.WhenIdle();
            Assert.Equal("hello", fixture.Client.Text);
            var statistics = await fixture.StatisticsAsync();
            Assert.Equal((0L, Look), (statistics.ReceiveDropped, (int)statistics.ControlIgnored));
        },
        configure: static console => console.Ports.Add(FakeConsole.Named(1, ConsoleFixture.PortName, isOpen: false)));

    [Fact]
    public void APortGoesAndComesBackUnderAnotherNumber() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        fixture.Console.Say(1, FakeConsole.DeviceRemove, 1);
        await test.WhenIdle();
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Closed], fixture.Client.Events);
        Assert.Equal(0, (await fixture.StatisticsAsync()).Ports);
        fixture.Console.Ports.Add(FakeConsole.Named(2, ConsoleFixture.PortName));
        fixture.Console.Say(2, FakeConsole.DeviceAdd, 1);
        await test.WhenIdle();
        Assert.True(fixture.Console.Write(2, _hello));
        Assert.True(fixture.TrySend("here"));
        await test.WhenIdle();
        Assert.Equal(("hello", "here"), (fixture.Client.Text, fixture.Console.TextOf(2)));
        // The number may come back too, with the buffers that the device still has.
        fixture.Console.Say(2, FakeConsole.DeviceRemove, 1);
        fixture.Console.Say(1, FakeConsole.DeviceAdd, 1);
        await test.WhenIdle();
        Assert.True(fixture.Console.Write(1, _hello));
        await test.WhenIdle();
        Assert.Equal("hellohello", fixture.Client.Text);
        await fixture.AssertNothingLeakedAsync(test);
    });

    [Fact]
    public void AHostThatDoesNotReadHoldsTheClientBack() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        fixture.Console.HostReads = false;
        var sent = 0;
        for (; fixture.TrySend(new byte[4096]); sent++)
        {
            await test.WhenIdle();
        }

        Assert.Equal(8, sent);
        Assert.DoesNotContain(ConsolePortEventKind.Sent, fixture.Client.Events);
        fixture.Console.ReadPort(1);
        await test.WhenIdle();
        // Once for all of them.
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Sent], fixture.Client.Events);
        Assert.Equal(8 * 4096, fixture.Console.Read[1].Count);
        Assert.True(fixture.TrySend("again"));
        await fixture.AssertNothingLeakedAsync(test);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AClientThatDoesNotTakeHoldsTheHostBack(bool refuses) => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        (fixture.Client.Refuses, fixture.Client.Holds) = (refuses, !refuses);
        var written = 0;
        for (; fixture.Console.Write(1, [(byte)written]); written++)
        {
            await test.WhenIdle();
        }

        Assert.Equal(8, written);
        // Time alone changes nothing, and is not spent on more than looking.
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.False(fixture.Console.Write(1, [8]));
        (fixture.Client.Refuses, fixture.Client.Holds) = (false, false);
        fixture.Client.Held.ForEach(static held => held.Dispose());
        if (refuses)
        {
            await test.AdvanceAsync(TimeSpan.FromMilliseconds(10));
        }
        else
        {
            Assert.True(fixture.Driver.TryTell(ConsolePortMessage.Resume()));
        }

        await test.WhenIdle();
        Assert.True(fixture.Console.Write(1, [8]));
        await test.WhenIdle();
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8], fixture.Client.Octets);
        await fixture.AssertNothingLeakedAsync(test);
    });

    [Fact]
    public void WhatComesWhileAClientRefusesIsToldInOrderAndEmptyOpeningsNotAtAll() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        fixture.Client.Refuses = true;
        Assert.True(fixture.Console.Write(1, "a"u8));
        for (var time = 0; time < 1000; time++)
        {
            fixture.Console.Say(1, FakeConsole.PortOpen, 0);
            fixture.Console.Say(1, FakeConsole.PortOpen, 1);
            await test.WhenIdle();
        }

        Assert.True(fixture.Console.Write(1, "b"u8));
        await test.WhenIdle();
        fixture.Client.Refuses = false;
        await test.AdvanceAsync(TimeSpan.FromMilliseconds(10));
        Assert.Equal(
            [ConsolePortEventKind.Opened, ConsolePortEventKind.Received, ConsolePortEventKind.Closed, ConsolePortEventKind.Opened, ConsolePortEventKind.Received],
            fixture.Client.Events);
        Assert.Equal("ab", fixture.Client.Text);
    });

    [Fact]
    public void AReceivedBufferCanBeSentBack() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        fixture.Client.Holds = true;
        for (var round = 0; round < 20; round++)
        {
            Assert.True(fixture.Console.Write(1, _hello));
            await test.WhenIdle();
            Assert.True(fixture.Driver.TryTell(ConsolePortMessage.Send(fixture.Client.Port!, Assert.Single(fixture.Client.Held))));
            fixture.Client.Held.Clear();
            await test.WhenIdle();
        }

        Assert.Equal(string.Concat(Enumerable.Repeat("hello", 20)), fixture.Console.TextOf(1));
        await fixture.AssertNothingLeakedAsync(test);
    });

    [Fact]
    public void AnotherClientTakesThePlaceOfTheFirst() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        var next = new RecordingPortClient();
        Assert.True(fixture.Driver.TryTell(ConsolePortMessage.Attach(ConsoleFixture.PortName, next)));
        await test.WhenIdle();
        Assert.True(fixture.Console.Write(1, _hello));
        await test.WhenIdle();
        Assert.Equal(("", "hello"), (fixture.Client.Text, next.Text));
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Received], next.Events);
    });

    [Fact]
    public void ADriverThatIsRestartedFindsItsPortsAgainAndTellsTheClient() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        fixture.Console.HostReads = false;
        Assert.True(fixture.TrySend("lost"));
        await test.WhenIdle();
        // Whoever touches a buffer that was given back fails.
        Assert.True(fixture.Client.Port!.SendBuffers.TryRent(out var broken));
        var stale = broken;
        broken.Dispose();
        var failure = test.ExpectFailureAsync();
        Assert.True(fixture.Driver.TryTell(ConsolePortMessage.Send(fixture.Client.Port, stale)));
        await failure;
        fixture.Console.HostReads = true;
        await test.WhenIdle();
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Closed, ConsolePortEventKind.Opened], fixture.Client.Events);
        Assert.True(fixture.TrySend("found"));
        Assert.True(fixture.Console.Write(1, _hello));
        await test.WhenIdle();
        Assert.Equal(("found", "hello"), (fixture.Console.TextOf(1), fixture.Client.Text));
        var statistics = await fixture.StatisticsAsync();
        Assert.Equal((1L, 4L, 0L), (statistics.Resets, statistics.SendLostInReset, statistics.DeviceViolations));
        await fixture.Driver.StopAsync(drain: false);
        Assert.Equal((0, 0L), (fixture.Client.Port.SendBuffers.RentedCount, fixture.Arena.BytesInQuarantine));
    });

    [Fact]
    public void WhenTheDriverStopsItsClientHearsThatThePortIsClosed() => ConsoleFixture.Run(async (test, fixture) =>
    {
        await fixture.AttachAsync(test);
        await fixture.AssertNothingLeakedAsync(test);
        Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Closed], fixture.Client.Events);
    });
}
