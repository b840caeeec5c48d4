using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests.Sockets;

/// <summary>TCP sockets by their calls, between two stacks and within one.</summary>
public sealed class TcpSocketTests
{
    private const int Input = 1;
    private const int Output = 4;
    private const int ErrorEvent = 8;
    private const int HangUp = 16;
    private const int TimedOutErrno = 0x1004D;
    private const int AddressNotAvailableErrno = 0x10004;

    [Fact]
    public async Task OctetsTravelBothWays()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, nint server) = fixture.Connect();
        Assert.Equal(5, fixture.First.Send(client, "hello"u8));
        Assert.Equal("hello"u8.ToArray(), fixture.Second.Receive(server));
        fixture.Second.Send(server, "world"u8);
        Assert.Equal("world"u8.ToArray(), fixture.First.Receive(client));
        Assert.Equal(fixture.First.LocalOf(client), fixture.Second.RemoteOf(server));
        Assert.Equal(IPAddress.Parse("10.0.0.1"), fixture.First.LocalOf(client).Address);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task AHostConnectsToItself(string address)
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.First.Listen();
        nint client = fixture.First.Open();
        SocketHost.Ok(fixture.First.Connect(client, address, fixture.First.PortOf(listener)));
        nint server = fixture.First.Accept(listener);
        fixture.First.Send(client, [1, 2, 3]);
        Assert.Equal([1, 2, 3], fixture.First.Receive(server));
        Assert.Equal(fixture.First.RemoteOf(client).Address, fixture.First.LocalOf(client).Address);
    }

    [Fact]
    public async Task AListenerOnTheLoopbackIsNotReachedFromOutside()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen("127.0.0.1");
        nint client = fixture.First.Open();
        Assert.Equal(0x1000E, fixture.First.Connect(client, "10.0.0.2", fixture.Second.PortOf(listener)));
    }

    [Fact]
    public async Task AConnectWhileTheAddressComesIsNotToldThatThereIsNoNetwork()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        LocalAddresses addresses = fixture.First.Network.Internet.First.Addresses;
        InterfaceConfiguration configuration = addresses.Configuration!;
        addresses.Configure(null);
        // The connect looks at the clock between its two looks at the addresses.
        SocketHost host = new(fixture.First.Network with { Time = new EventfulTime(() => addresses.Configure(configuration)) });
        nint listener = fixture.Second.Listen();
        SocketHost.Ok(host.Connect(host.Open(), "10.0.0.2", fixture.Second.PortOf(listener)));
    }

    [Fact]
    public async Task AConnectToNobodyIsRefused()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint client = fixture.First.Open();
        Assert.Equal(0x1000E, fixture.First.Connect(client, "10.0.0.2", 9));
        Assert.Equal(0x1000E, fixture.First.Connect(client, "127.0.0.1", 9));
    }

    [Fact]
    public async Task ANonBlockingConnectIsInProgressAndThenWritable()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen();
        nint client = fixture.First.Open();
        fixture.First.Calls.SetNonBlocking(client, true);
        Assert.Equal(SocketHost.InProgress, fixture.First.Connect(client, "10.0.0.2", fixture.Second.PortOf(listener)));
        Assert.Equal(Output, fixture.First.Poll(client, Output));
        SocketHost.Ok(fixture.First.Calls.TakeError(client, out int error));
        Assert.Equal(0, error);
    }

    [Fact]
    public async Task ANonBlockingConnectThatFailsTellsItOnce()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint client = fixture.First.Open();
        fixture.First.Calls.SetNonBlocking(client, true);
        Assert.Equal(SocketHost.InProgress, fixture.First.Connect(client, "10.0.0.2", 9));
        Assert.Equal(Output | ErrorEvent | HangUp, fixture.First.Poll(client, Output));
        fixture.First.Calls.TakeError(client, out int error);
        Assert.Equal(0x1000E, error);
        fixture.First.Calls.TakeError(client, out error);
        Assert.Equal(0, error);
    }

    [Fact]
    public async Task MuchArrivesWholeThroughSmallBuffers()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(new TcpConfiguration { SendBuffer = 16_384, ReceiveBuffer = 16_384 });
        (nint client, nint server) = fixture.Connect();
        byte[] sent = new byte[2_000_000];
        new Random(3).NextBytes(sent);
        Task sending = Task.Run(() =>
        {
            Assert.Equal(sent.Length, fixture.First.Send(client, sent));
            SocketHost.Ok(fixture.First.Calls.Close(client));
        });
        Assert.Equal(sent, await Task.Run(() => fixture.Second.ReceiveAll(server)));
        await sending;
    }

    [Fact]
    public async Task ANonBlockingSendStopsWhenTheBufferIsFullAndGoesOnWhenThePeerReads()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(new TcpConfiguration { SendBuffer = 16_384, ReceiveBuffer = 16_384 });
        (nint client, nint server) = fixture.Connect();
        fixture.First.Calls.SetNonBlocking(client, true);
        long total = 0;
        int status;
        // Room comes back until the peer's buffer is full too.
        do
        {
            while ((status = fixture.First.Calls.Send(client, new byte[10_000], 0, out int sent)) == 0)
                total += sent;
            Assert.Equal(SocketHost.Again, status);
            Assert.InRange(total, 16_384, 16_384 + 16_384 + 65_536 + 10_000);
        }
        while (fixture.First.Poll(client, Output, 300) == Output);
        Task<int> waiting = Task.Run(() => fixture.First.Poll(client, Output));
        int read = 0;
        while (read < total)
            read += fixture.Second.Receive(server, 20_000).Length;
        Assert.Equal(Output, await waiting);
    }

    // man 7 socket, SO_SNDBUF: twice of what was asked for is answered, and what was asked for is written ahead of the peer.
    [Fact]
    public async Task AChosenSendBufferBoundsWhatIsWrittenAhead()
    {
        const int Chosen = 20_000, PeersBuffer = 16_384;
        await using SocketFixture fixture = await SocketFixture.StartAsync(new TcpConfiguration { ReceiveBuffer = PeersBuffer });
        (nint client, _) = fixture.Connect();
        byte[] value = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(value, Chosen);
        SocketHost.Ok(fixture.First.Calls.SetOption(client, 0xFFFF, 0x1001, value));
        SocketHost.Ok(fixture.First.Calls.GetOption(client, 0xFFFF, 0x1001, value, out _));
        Assert.Equal(2 * Chosen, System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(value));
        fixture.First.Calls.SetNonBlocking(client, true);
        long total = 0;
        do
        {
            while (fixture.First.Calls.Send(client, new byte[100_000], 0, out int sent) == 0)
                total += sent;
        }
        while (fixture.First.Poll(client, Output, 300) == Output);
        Assert.InRange(total, Chosen, Chosen + PeersBuffer);
    }

    [Fact]
    public async Task PeekLeavesOctetsAndListsAreFilledInOrder()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, nint server) = fixture.Connect();
        SocketHost.Ok(fixture.First.Calls.SendMessage(client, [new byte[] { 1, 2 }, Array.Empty<byte>(), new byte[] { 3, 4, 5 }], [], 0, out long sent));
        Assert.Equal(5, sent);
        while (fixture.Second.Receive(server, peek: true).Length < 5)
            await Task.Yield();
        byte[] first = new byte[2];
        byte[] second = new byte[2];
        SocketHost.Ok(fixture.Second.Calls.ReceiveMessage(server, [first, second], [], out _, [], out _, 2, out _, out long peeked));
        Assert.Equal(4, peeked);
        Assert.Equal([1, 2, 3, 4], [.. first, .. second]);
        SocketHost.Ok(fixture.Second.Calls.GetAvailable(server, out int available));
        Assert.Equal(5, available);
        Assert.Equal([1, 2, 3, 4, 5], fixture.Second.Receive(server));
    }

    [Fact]
    public async Task AFinReadsAsTheEndAndTheOtherWayStaysOpen()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, nint server) = fixture.Connect();
        fixture.First.Send(client, [1]);
        SocketHost.Ok(fixture.First.Calls.Shutdown(client, 1));
        Assert.Equal([1], fixture.Second.ReceiveAll(server));
        fixture.Second.Send(server, [2, 3]);
        Assert.Equal([2, 3], fixture.First.Receive(client));
        Assert.Equal(0x10043, fixture.First.Calls.Send(client, [1], 0, out _));
    }

    [Fact]
    public async Task ALingerOfNothingResets()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, nint server) = fixture.Connect();
        fixture.First.Calls.SetLinger(client, true, 0);
        fixture.First.Calls.Close(client);
        Assert.Equal(Input | ErrorEvent | HangUp, fixture.Second.Poll(server, Input) | HangUp);
        Assert.Equal(0x1000F, fixture.Second.Calls.Receive(server, new byte[4], 0, out _));
        Assert.Empty(fixture.Second.Receive(server));
        Assert.Equal(0x10043, fixture.Second.Calls.Send(server, [1], 0, out _));
    }

    [Theory]
    [InlineData("10.0.0.2")]
    [InlineData("127.0.0.1")]
    public async Task ACloseWithUnreadOctetsResets(string address)
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen();
        SocketHost connecting = address == "127.0.0.1" ? fixture.Second : fixture.First;
        for (int round = 0; round < 50; round++)
        {
            nint client = connecting.Open();
            SocketHost.Ok(connecting.Connect(client, address, fixture.Second.PortOf(listener)));
            nint server = fixture.Second.Accept(listener);
            fixture.Second.Send(server, new byte[10]);
            Assert.Equal(Input, connecting.Poll(client, Input));
            SocketHost.Ok(connecting.Calls.Close(client));
            Assert.Equal(0x1000F, fixture.Second.Calls.Receive(server, new byte[4], 0, out _));
        }
    }

    [Fact]
    public async Task ClosingWakesWhoIsBlocked()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, _) = fixture.Connect();
        nint listener = fixture.First.Listen();
        Task<int> receiving = Task.Run(() => fixture.First.Calls.Receive(client, new byte[4], 0, out _));
        Task<int> accepting = Task.Run(() => fixture.First.Calls.Accept(listener, new byte[28], out _, out _));
        await Task.Delay(100);
        fixture.First.Calls.Shutdown(client, 2);
        fixture.First.Calls.Shutdown(listener, 2);
        Assert.Equal(0, await receiving);
        Assert.Equal(0x1001C, await accepting);
    }

    [Fact]
    public async Task AReceiveTimeoutEndsAReceive()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, _) = fixture.Connect();
        fixture.First.Calls.SetReceiveTimeout(client, 50);
        Assert.Equal(SocketHost.Again, await Task.Run(() => fixture.First.Calls.Receive(client, new byte[4], 0, out _)));
    }

    [Fact]
    public async Task ADualModeSocketReachesIpv4AndNothingElse()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen();
        nint client = fixture.First.Open(SocketType.Stream, AddressFamily.InterNetworkV6);
        Assert.Equal(0x10028, fixture.First.Connect(client, "2001:db8::1", 80));
        SocketHost.Ok(fixture.First.Connect(client, "::ffff:10.0.0.2", fixture.Second.PortOf(listener)));
        Assert.Equal(IPAddress.Parse("::ffff:10.0.0.2"), fixture.First.RemoteOf(client).Address);
        nint only = fixture.First.Open(SocketType.Stream, AddressFamily.InterNetworkV6);
        SocketHost.Ok(fixture.First.Calls.SetOption(only, 41, 27, [1, 0, 0, 0]));
        Assert.Equal(0x10028, fixture.First.Connect(only, "::ffff:10.0.0.2", 80));
    }

    // man 7 ip: IP_TTL, IP_TOS.
    [Fact]
    public async Task TimeToLiveAndTypeOfServiceStandInThePackets()
    {
        const int Tos = 0x28;
        const int Ttl = 9;
        ConcurrentBag<(int Service, int Hops)> seen = [];
        await using SocketFixture fixture = await SocketFixture.StartAsync(fate: (end, frame) =>
        {
            ReadOnlySpan<byte> octets = frame.Span;
            // IPv4 with TCP, and more than a bare acknowledgement.
            if (end == 0 && octets.Length > 90 && octets[12] == 8 && octets[13] == 0 && octets[23] == 6)
                seen.Add((octets[15], octets[22]));
            return LinkFate.Deliver;
        });
        (nint client, nint server) = fixture.Connect();
        SocketHost.Ok(fixture.First.Calls.SetOption(client, 0, 3, BitConverter.GetBytes(Tos)));
        SocketHost.Ok(fixture.First.Calls.SetOption(client, 0, 4, BitConverter.GetBytes(Ttl)));
        fixture.First.Send(client, new byte[100]);
        Assert.Equal(new byte[100], fixture.Second.Receive(server));
        Assert.Contains(seen, static packet => (packet.Service & ~3) == Tos && packet.Hops == Ttl);
    }

    // RFC 9293 3.8.4, by SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT.
    [Fact]
    public async Task KeepAliveFindsOutThatThePeerIsGone()
    {
        int cut = 0;
        await using SocketFixture fixture = await SocketFixture.StartAsync(fate: (_, _) => Volatile.Read(ref cut) != 0 ? LinkFate.Drop : LinkFate.Deliver);
        (nint client, _) = fixture.Connect();
        foreach (int option in (int[])[3, 17, 16])
            SocketHost.Ok(fixture.First.Calls.SetOption(client, 6, option, BitConverter.GetBytes(1)));
        SocketHost.Ok(fixture.First.Calls.SetOption(client, 0xFFFF, 8, BitConverter.GetBytes(1)));
        Volatile.Write(ref cut, 1);

        Task<int> receiving = Task.Run(() => fixture.First.Calls.Receive(client, new byte[1], 0, out _));
        Assert.Equal(TimedOutErrno, await receiving.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task AConnectFromATakenPairOfEndsSaysThatTheAddressIsNotAvailable()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen(port: 90);
        foreach (int expected in (int[])[0, AddressNotAvailableErrno])
        {
            nint client = fixture.First.Open();
            SocketHost.Ok(fixture.First.Calls.SetOption(client, 0xFFFF, 4, BitConverter.GetBytes(1)));
            SocketHost.Ok(fixture.First.Bind(client, "10.0.0.1", 5000));
            Assert.Equal(expected, fixture.First.Connect(client, "10.0.0.2", 90));
        }

        SocketHost.Ok(fixture.Second.Calls.Close(listener));
    }

    [Fact]
    public async Task APortThatIsListenedOnIsTakenUntilTheListenerCloses()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.First.Listen();
        int port = fixture.First.PortOf(listener);
        nint second = fixture.First.Open();
        Assert.Equal(0x10003, fixture.First.Bind(second, "0.0.0.0", port));
        fixture.First.Calls.Close(listener);
        SocketHost.Ok(fixture.First.Bind(second, "0.0.0.0", port));
        SocketHost.Ok(fixture.First.Calls.Listen(second, 1));
    }

    [Fact]
    public async Task AClientKeepsThePortItBound()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen();
        nint client = fixture.First.Open();
        SocketHost.Ok(fixture.First.Bind(client, "10.0.0.1", 5555));
        SocketHost.Ok(fixture.First.Connect(client, "10.0.0.2", fixture.Second.PortOf(listener)));
        Assert.Equal(5555, fixture.Second.RemoteOf(fixture.Second.Accept(listener)).Port);
    }

    [Fact]
    public async Task AFullTableOfDescriptorsSaysSoAndUsesFreedOnesAgain()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(descriptors: 2);
        nint first = fixture.First.Open();
        fixture.First.Open();
        Assert.Equal(0x10021, fixture.First.Calls.Open(2, 1, 6, out _));
        fixture.First.Calls.Close(first);
        Assert.Equal(first, fixture.First.Open());
    }

    [Fact]
    public async Task WhatArrivedBeforeAResetIsGivenOutBeforeIt()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, nint server) = fixture.Connect();
        fixture.First.Send(client, [1, 2, 3]);
        Assert.Equal(Input, fixture.Second.Poll(server, Input));
        SocketHost.Ok(fixture.First.Calls.SetLinger(client, on: true, seconds: 0));
        SocketHost.Ok(fixture.First.Calls.Close(client));
        while ((fixture.Second.Poll(server, Input, milliseconds: 0) & ErrorEvent) == 0)
            await Task.Delay(1);
        Assert.Equal([1, 2, 3], fixture.Second.Receive(server));
        Assert.Equal(0x1000F, fixture.Second.Calls.Receive(server, new byte[4], 0, out _));
        Assert.Empty(fixture.Second.Receive(server));
    }

    [Fact]
    public async Task AReceiveBufferThatWasChosenBoundsWhatWaitsInIt()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen();
        SocketHost.Ok(fixture.Second.Calls.SetOption(listener, 0xFFFF, 0x1002, BitConverter.GetBytes(20_000)));
        nint client = fixture.First.Open();
        SocketHost.Ok(fixture.First.Connect(client, "10.0.0.2", fixture.Second.PortOf(listener)));
        nint server = fixture.Second.Accept(listener);
        fixture.First.Calls.SetNonBlocking(client, true);
        byte[] block = new byte[100_000];
        int available = 0;
        for (int round = 0; round < 200 && available < 60_000; round++)
        {
            fixture.First.Calls.Send(client, block, 0, out _);
            await Task.Delay(1);
            SocketHost.Ok(fixture.Second.Calls.GetAvailable(server, out available));
        }

        // The first window was offered before there was a socket: 65,535 octets. Without a choice 256 KiB would be there by now.
        await Task.Delay(100);
        SocketHost.Ok(fixture.Second.Calls.GetAvailable(server, out available));
        Assert.InRange(available, 1, 70_000);
    }

    [Fact]
    public async Task TwoHundredConnectionsOpenAndCloseAndLeaveNothing()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(new TcpConfiguration { TimeWait = TimeSpan.FromMilliseconds(10) }, descriptors: 8);
        for (int round = 0; round < 200; round++)
        {
            (nint client, nint server) = fixture.Connect();
            fixture.First.Send(client, [(byte)round]);
            Assert.Equal([(byte)round], fixture.Second.Receive(server));
            fixture.First.Calls.Close(client);
            fixture.Second.Calls.Close(server);
        }
    }

    /// <summary>The clock, at which something happens when it is looked at for the first time.</summary>
    private sealed class EventfulTime(Action happens) : TimeProvider
    {
        private Action? _happens = happens;

        public override long GetTimestamp()
        {
            Interlocked.Exchange(ref _happens, null)?.Invoke();
            return System.GetTimestamp();
        }
    }
}
