// A network card that does not start, beside one that does.
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.Interfaces.TwoInterfaces;

namespace Troupe.Net.Tests.Interfaces;

public sealed class LateCardTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void TheOtherInterfaceComesUpWithoutACardThatDoesNotStart(int late) => Run(late, async host =>
    {
        int early = 1 - late;
        StackInterface only = Assert.Single(host.Stack.Interfaces);
        Assert.Equal(($"eth{early}", early + 2), (only.Name, only.Internet.Index));
        Assert.Equal($"10.{early + 1}.0.2", (await host.Stack.Configured).Address.ToString());
        Assert.Equal(only.Internet, host.Stack.Internet.WithIndex(early + 2));
        Assert.Null(host.Stack.Internet.WithIndex(late + 2));
        string notice = Assert.Single(host.Notices);
        Assert.StartsWith($"eth{late} (card {late}): this network card has not started.", notice, StringComparison.Ordinal);
        await host.PingAsync(early);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void ACardThatStartsLateJoinsUnderItsOwnNumber(int late) => Run(late, async host =>
    {
        await host.Cards[late].TellAsync(default);
        await host.Test.WhenIdle();
        Assert.Equal(["eth0", "eth1"], host.Stack.Interfaces.Select(static one => one.Name));
        Assert.Equal([2, 3], host.Stack.Internet.Interfaces.Select(static one => one.Index));
        Assert.Equal(["10.1.0.2", "10.2.0.2"], host.Stack.Interfaces.Select(static one => one.Configuration?.Address.ToString()));
        Assert.Equal($"eth{late} (card {late}): this network card has started, and joins the others.", host.Notices[^1]);
        await host.PingAsync(0);
        await host.PingAsync(1);
    });

    // The transports, and connections that begin later, were told to wait for its layers: debug builds look.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void TransportsSendByACardThatStartedLate(int late) => Run(late, async host =>
    {
        await host.ConnectAsync(1 - late);
        await host.Cards[late].TellAsync(default);
        await host.Test.WhenIdle();
        await host.RefuseAsync(late);
        await host.ConnectAsync(late);
        await host.SendDatagramAsync(late);
    });

    [Fact]
    public void AHostWithoutAnyCardThatStartsWaitsForTheFirst() => TestSystem.Run(async test =>
    {
        List<string> notices = [];
        InProcessLink link = new(test.System);
        ActorRef<NetworkDeviceMessage> card = test.System.Spawn(new LateCard(link.Second), "card 0");
        Task<NetworkStack> starting = NetworkStack.StartAsync(test.System, card, Static with { Notice = notices.Add }, new SeededRandomness(1));
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.False(starting.IsCompleted);
        Assert.EndsWith("Waiting for it.", Assert.Single(notices), StringComparison.Ordinal);
        await card.TellAsync(default);
        Assert.Single((await starting).Interfaces);
    });

    private static void Run(int late, Func<Host, Task> scenario) => TestSystem.Run(async test =>
    {
        Host host = new(test, late);
        await host.StartAsync();
        await scenario(host);
        Assert.Equal(0, test.System.FailureCount);
    });

    private sealed class Host
    {
        private readonly LinkEnd[] _ends;

        public Host(TestSystem test, int late)
        {
            Test = test;
            InProcessLink[] links = [new(test.System), new(test.System, number: 1)];
            _ends = [.. links.Select(link => new LinkEnd(test, link))];
            Cards = [.. links.Select((link, number) => number == late ? test.System.Spawn(new LateCard(link.Second), $"card {number}") : link.Second)];
        }

        public TestSystem Test { get; }

        public List<string> Notices { get; } = [];

        /// <summary>An empty message starts the late one.</summary>
        public ActorRef<NetworkDeviceMessage>[] Cards { get; }

        public NetworkStack Stack { get; private set; } = null!;

        public async Task StartAsync()
        {
            foreach (LinkEnd end in _ends)
                await end.AttachAsync();
            Task<NetworkStack> starting = NetworkStack.StartAsync(Test.System, Cards, Static with { Notice = Notices.Add }, new SeededRandomness(1), CancellationToken.None);
            await Test.AdvanceAsync(TimeSpan.FromSeconds(6));
            Assert.True(starting.IsCompleted, "The stack waits for a card that does not start.");
            Stack = await starting;
        }

        /// <summary>The host answers an echo that comes in by a link.</summary>
        public async Task PingAsync(int link)
        {
            byte[] echo = new byte[40];
            IcmpHeader.WriteEchoRequest(echo, 1, 1);
            Ipv4Address peer = Peer(link);
            _ends[link].Frames.Clear();
            await _ends[link].SendAsync(IpProtocol.Icmp, echo, peer, V4($"10.{link + 1}.0.2"));
            if (!_ends[link].Packets.Any())
                await _ends[link].AnswerArpAsync(peer);
            Assert.Single(_ends[link].Packets, static packet => packet[9] == (byte)IpProtocol.Icmp);
        }

        /// <summary>The host refuses a connection that somebody on a link asks for: the layer itself answers.</summary>
        public async Task RefuseAsync(int link)
        {
            _ends[link].Frames.Clear();
            byte[] syn = new byte[TcpHeader.MinimumLength];
            Ipv4Address own = V4($"10.{link + 1}.0.2");
            new TcpHeader(4000, 81, new(1), new(0), TcpFlags.Syn, 1000, default).Write(syn, Peer(link), own);
            await _ends[link].SendAsync(IpProtocol.Tcp, syn, Peer(link), own);
            await _ends[link].AnswerArpAsync(Peer(link));
            byte[] answer = Assert.Single(_ends[link].Packets, static packet => packet[9] == (byte)IpProtocol.Tcp);
            Assert.NotEqual(0, answer[Ipv4Header.Length + 13] & (byte)TcpFlags.Rst);
        }

        /// <summary>The host asks for a connection on a link.</summary>
        public async Task ConnectAsync(int link)
        {
            _ends[link].Frames.Clear();
            Task<TcpConnection> connecting = Stack.ConnectAsync(new(Peer(link), 80), InTurns).AsTask();
            await Test.WhenIdle();
            if (!_ends[link].Packets.Any())
                await _ends[link].AnswerArpAsync(Peer(link));
            Assert.Single(_ends[link].Packets, static packet => packet[9] == (byte)IpProtocol.Tcp);
            Assert.False(connecting.IsCompleted);
        }

        public async Task SendDatagramAsync(int link)
        {
            Assert.True(Stack.Link.Frames.TryRent(out FrameBuffer payload));
            payload.Append("datagram"u8);
            await Stack.Udp.TellAsync(UdpMessage.Send(new(payload, new(Ipv4Address.Any, 5000), new(Peer(link), 6000))));
            await Test.WhenIdle();
            Assert.Single(_ends[link].Packets, static packet => packet[9] == (byte)IpProtocol.Udp);
        }

        private static Ipv4Address Peer(int link) => V4($"10.{link + 1}.0.1");
    }

    /// <summary>A card whose driver says nothing of a start until an empty message comes.</summary>
    private sealed class LateCard(ActorRef<NetworkDeviceMessage> card) : Actor<NetworkDeviceMessage>
    {
        private NetworkDeviceClient? _client;
        private bool _hasStarted;

        protected override async ValueTask ReceiveAsync(NetworkDeviceMessage message)
        {
            if (message.Kind == NetworkDeviceMessageKind.Attach && !_hasStarted)
            {
                _client = message.Client;
            }
            else if (message.Kind == NetworkDeviceMessageKind.None)
            {
                _hasStarted = true;
                await card.TellAsync(NetworkDeviceMessage.Attach(_client!));
            }
            else
            {
                await card.TellAsync(message);
            }
        }
    }
}
