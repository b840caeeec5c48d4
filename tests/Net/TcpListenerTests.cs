// One behaviour each of RFC 4987 (backlog, SYN cookies), RFC 6191 (TIME-WAIT), RFC 6056 (ports), and of the listing.
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using Troupe.Actors;
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

public sealed class TcpListenerTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);
    private static readonly TcpTimeWait _old = new(new(500), new(1000), 100);
    private static readonly TimeSpan _now = TimeSpan.FromSeconds(1000);

    private static InitialSequenceNumbers Secret(int seed = 1) => new(new SeededRandomness(seed), new FakeTimeProvider());

    private static TcpHeader Syn(TcpOptions options, TcpFlags flags = TcpFlags.Syn) => TcpHarness.Header(flags, TcpHarness.PeerInitial, 0, options: options);

    private static TcpHeader Acknowledge(SequenceNumber cookie, (uint, uint)? timestamps = null) =>
        TcpHarness.Header(TcpFlags.Ack, TcpHarness.PeerInitial + 1, cookie.Value + 1, options: new() { Timestamps = timestamps });

    // RFC 4987 3.6, A: what comes back is what was asked, as far as it is kept.
    [Theory]
    [InlineData(1460, 1460)]
    [InlineData(9000, 1460)]
    [InlineData(1459, 1440)]
    [InlineData(1300, 1220)]
    [InlineData(300, 536)]
    public void ACookieRemembersTheSegmentSize(int asked, int kept)
    {
        SequenceNumber cookie = SynCookie.Create(Secret(), TcpHarness.Key, Syn(new() { MaximumSegmentSize = (ushort)asked }), _now);
        Assert.True(SynCookie.TryRead(Secret(), TcpHarness.Key, Acknowledge(cookie), _now, out TcpHeader syn));
        Assert.Equal((TcpHarness.PeerInitial, (ushort)kept), (syn.Sequence.Value, syn.Options.MaximumSegmentSize!.Value));
        Assert.Null(syn.Options.WindowScale);
    }

    // RFC 4987 3.6: scale and the rest by the timestamp, which is no greater than the clock.
    [Theory]
    [InlineData(7, true, true)]
    [InlineData(14, false, true)]
    [InlineData(null, true, false)]
    public void ATimestampRemembersTheOptions(int? scale, bool sack, bool notifies)
    {
        TcpHeader asked = Syn(new() { MaximumSegmentSize = 1460, WindowScale = (byte?)scale, SackPermitted = sack, Timestamps = (77, 0) });
        SequenceNumber cookie = SynCookie.Create(Secret(), TcpHarness.Key, asked, _now);
        for (uint clock = 1000; clock < 1200; clock++)
        {
            uint marked = SynCookie.MarkTimestamp(clock, asked, selective: true, notifies);
            Assert.InRange(marked, clock - 127, clock);
            Assert.True(SynCookie.TryRead(Secret(), TcpHarness.Key, Acknowledge(cookie, (78, marked)), _now, out TcpHeader syn));
            Assert.Equal(((byte?)scale, sack, notifies), (syn.Options.WindowScale, syn.Options.SackPermitted, syn.Has(TcpFlags.Ece)));
        }
    }

    // RFC 4987 3.6: guessed, of another connection, or too old.
    [Fact]
    public void AWrongCookieIsNone()
    {
        SequenceNumber cookie = SynCookie.Create(Secret(), TcpHarness.Key, Syn(new() { MaximumSegmentSize = 1460 }), _now);
        Assert.False(SynCookie.TryRead(Secret(), TcpHarness.Key, Acknowledge(cookie + 1), _now, out _));
        Assert.False(SynCookie.TryRead(Secret(2), TcpHarness.Key, Acknowledge(cookie), _now, out _));
        Assert.False(SynCookie.TryRead(Secret(), TcpHarness.Key with { Remote = TcpHarness.Key.Remote with { Port = 1 } }, Acknowledge(cookie), _now, out _));
        Assert.True(SynCookie.TryRead(Secret(), TcpHarness.Key, Acknowledge(cookie), _now + SynCookie.Period, out _));
        Assert.False(SynCookie.TryRead(Secret(), TcpHarness.Key, Acknowledge(cookie), _now + 2 * SynCookie.Period, out _));
    }

    // RFC 4987 3.6, over two stacks: half-open connections take all the places, and an honest client still gets in, with its options.
    [Fact]
    public async Task AnHonestClientIsAnsweredUnderAFloodOfSyns()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(1, tcp: new() { HalfOpenConnections = 0 });
        (TcpConnection client, TcpConnection server) = await stacks.ConnectAsync().WaitAsync(_limit);
        Assert.Equal(1, stacks.Second["TCP"].Cookies);
        byte[] sent = new byte[200_000];
        new Random(1).NextBytes(sent);
        Task<byte[]> receiving = TwoStacks.ReadAllAsync(server.Input);
        await client.Output.WriteAsync(sent).AsTask().WaitAsync(_limit);
        await client.Output.CompleteAsync();
        Assert.Equal(sent, await receiving.WaitAsync(_limit));
        await server.DisposeAsync();
    }

    // RFC 4987 3.1: a flood from addresses that never answer costs no more than the configured number of connections.
    [Fact]
    public async Task AFloodOfSynsTakesNoMoreThanItsPlaces()
    {
        await using RawHost host = await RawHost.StartAsync();
        await host.AnswerArpAsync();
        await using TcpListener listener = (await host.Stack.ListenAsync(80))!;
        for (int sent = 0; sent < 3000; sent += 100)
            await host.SendAsync([.. Enumerable.Range(sent, 100).Select(number => RawHost.Tcp(TcpFlags.Syn, 80, sequence: (uint)number, source: (ushort)(10_000 + number)))]);
        LayerCounters tcp = host.Stack["TCP"];
        for (DateTime end = DateTime.UtcNow + _limit; tcp.Received + host.Stack["IPv4"].Dropped(DropCause.Overflow) < 3000 && DateTime.UtcNow < end;)
            await Task.Delay(5);
        Assert.InRange(listener.Pending, 1, 256);
        Assert.True(tcp.Cookies > 0, tcp.ToString());
        Assert.InRange((await TcpListing.ReadAsync(host.Stack.Tcp)).Connections.Length, 1, 256);
    }

    // RFC 9293 3.9.1.1, the backlog: what nobody accepts is not a flood; the SYN is dropped, and the client tries again.
    [Fact]
    public async Task ConnectionsNobodyAcceptsAreBoundedByTheBacklog()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(1);
        TcpListener? listener = await stacks.Second.Tcp.AskAsync<TcpListener?>(
            reply => TcpMessage.Listen(new(new(TwoStacks.SecondAddress, 80), new(), reply) { Backlog = 2 }));
        for (int connection = 0; connection < 2; connection++)
            await stacks.First.ConnectAsync(new(TwoStacks.SecondAddress, 80)).AsTask().WaitAsync(_limit);
        for (DateTime end = DateTime.UtcNow + _limit; !listener!.IsFull && DateTime.UtcNow < end;)
            await Task.Delay(1);
        Task<TcpConnection> third = stacks.First.ConnectAsync(new(TwoStacks.SecondAddress, 80)).AsTask();
        for (DateTime end = DateTime.UtcNow + _limit; stacks.Second["TCP"].Dropped(DropCause.TableFull) == 0 && DateTime.UtcNow < end;)
            await Task.Delay(1);
        Assert.False(third.IsCompleted);
        Assert.NotNull(await listener.AcceptAsync());
        await third.WaitAsync(_limit);
        await listener.DisposeAsync();
    }

    // RFC 9293 3.9.1.1: however often the only place is taken, by whoever does not wait for a connection.
    [Fact]
    public async Task AnAcceptedConnectionGivesItsPlaceInTheBacklogBack()
    {
        await using ActorSystem system = new();
        TcpListener listener = new(default, 1, new(), system.Spawn(new Silent(), "tcp"));
        for (int connection = 0; connection < 3; connection++)
        {
            Assert.True(listener.TryReserve(halfOpen: 1));
            Assert.True(listener.TryOffer(new(default, new(new(), PipeScheduler.Inline))));
            Assert.False(listener.TryReserve(halfOpen: 1));
            Assert.True(listener.TryAccept(out _));
            Assert.Equal(0, listener.Pending);
        }
    }

    // RFC 6191 2.
    [Theory]
    [InlineData(null, 1001u, null, TimeWaitAnswer.Reopen)]
    [InlineData(null, 999u, null, TimeWaitAnswer.Acknowledge)]
    [InlineData(50u, 999u, 51u, TimeWaitAnswer.Reopen)]
    [InlineData(50u, 1001u, 49u, TimeWaitAnswer.Acknowledge)]
    [InlineData(50u, 1001u, 50u, TimeWaitAnswer.Reopen)]
    [InlineData(50u, 999u, 50u, TimeWaitAnswer.Acknowledge)]
    [InlineData(50u, 1001u, null, TimeWaitAnswer.Reopen)]
    [InlineData(null, 999u, 1u, TimeWaitAnswer.Reopen)]
    public void ASynThatIsNewerReopensAConnectionInTimeWait(uint? recent, uint sequence, uint? timestamp, TimeWaitAnswer expected)
    {
        TimeWaitTable table = new(10, TimeSpan.FromSeconds(60));
        table.Add(TcpHarness.Key, _old with { RecentTimestamp = recent }, TimeSpan.Zero);
        TcpHeader syn = TcpHarness.Header(TcpFlags.Syn, sequence, 0, options: new() { Timestamps = timestamp is { } value ? (value, 0) : null });
        Assert.Equal(expected, table.Judge(TcpHarness.Key, syn, TimeSpan.Zero, out _));
    }

    // RFC 6191 2, for our own connections: with timestamps, once their clock has ticked.
    [Fact]
    public void AConnectionInTimeWaitMayBeFollowedByOneWithTimestamps()
    {
        TimeWaitTable table = new(10, TimeSpan.FromSeconds(60));
        table.Add(TcpHarness.Key, _old with { RecentTimestamp = 5 }, TimeSpan.Zero);
        Assert.False(table.IsReusable(TcpHarness.Key, TimeSpan.FromSeconds(1)));
        Assert.True(table.IsReusable(TcpHarness.Key, TimeSpan.FromSeconds(2)));
        table.Add(TcpHarness.Key, _old, TimeSpan.Zero);
        Assert.False(table.IsReusable(TcpHarness.Key, TimeSpan.FromSeconds(2)));
    }

    // Reopened connections leave nothing behind that grows.
    [Fact]
    public void TimeWaitIsBoundedWhenConnectionsAreReopened()
    {
        TimeWaitTable table = new(10, TimeSpan.FromSeconds(60));
        for (int time = 0; time < 1000; time++)
        {
            table.Add(TcpHarness.Key, _old, TimeSpan.FromMilliseconds(time));
            table.Remove(TcpHarness.Key, out _);
        }

        Assert.InRange(table.Remembered, 0, 20);
    }

    // RFC 6056 3.2: not the next one.
    [Fact]
    public void PortsAreRandomAndInTheDynamicRange()
    {
        TcpPorts ports = new(new SeededRandomness(1));
        List<int> picked = [];
        for (int pick = 0; pick < 100; pick++)
        {
            Assert.True(ports.TryPick(static _ => true, out ushort port));
            picked.Add(port);
        }

        Assert.All(picked, port => Assert.InRange(port, 49_152, 65_535));
        Assert.True(picked.Zip(picked.Skip(1)).Count(pair => Math.Abs(pair.Second - pair.First) < 100) < 10);
    }

    // The counterpart of netstat.
    [Fact]
    public async Task TheListingShowsStatesQueuesRoundTripAndWindows()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(1);
        await using TcpListener listener = (await stacks.Second.ListenAsync(443))!;
        (TcpConnection client, TcpConnection server) = await stacks.ConnectAsync().WaitAsync(_limit);
        await client.Output.WriteAsync(new byte[1000]);
        await server.Input.ReadAsync().AsTask().WaitAsync(_limit);
        TcpConnectionStatus line = Assert.Single(await stacks.Second.ListConnectionsAsync());
        Assert.Equal((server.Key, TcpState.Established, 1000), (line.Key, line.State, line.Unread));
        Assert.True(line.CongestionWindow > 0 && line.SendWindow > 0 && line.ReceiveWindow > 0 && line.SegmentSize == 1448);
        TcpConnectionStatus other = Assert.Single(await stacks.First.ListConnectionsAsync());
        Assert.NotNull(other.RoundTripTime);
        Assert.Equal(443, Assert.Single((await TcpListing.ReadAsync(stacks.Second.Tcp)).Listeners, entry => entry.Local.Port == 443).Local.Port);
    }

    // RFC 9293 3.9.1.1: what a user learns.
    [Fact]
    public async Task AConnectionThatIsRefusedSaysWhy()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(1, tcp: new() { Connections = 1 });
        TcpConnectionException refused = await RefusedAsync(
            async () => await stacks.First.ConnectAsync(new(TwoStacks.SecondAddress, 81)));
        Assert.Equal(TcpCloseReason.Refused, refused.Reason);
        TcpConnectionException unroutable = await RefusedAsync(
            async () => await stacks.First.ConnectAsync(new(new Ipv6Address(0x2001_0DB8_0000_0000, 1), 81)));
        Assert.Equal(TcpCloseReason.NetworkUnreachable, unroutable.Reason);
    }

    private static async Task<TcpConnectionException> RefusedAsync(Func<Task> connecting) =>
        Assert.IsType<TcpConnectionException>((await Assert.ThrowsAsync<AskFailedException>(connecting)).InnerException);

    private sealed class Silent : Actor<TcpMessage>
    {
        protected override ValueTask ReceiveAsync(TcpMessage message) => default;
    }
}
