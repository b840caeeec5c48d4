// RFC 8415: the client with a clock of the test's, and in a whole stack with frames, in virtual time.
using System.Buffers.Binary;
using System.Collections.Immutable;
using Troupe.Net.Contracts;
using Troupe.Net.Udp;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.FrameBench;

namespace Troupe.Net.Tests;

public sealed class Dhcpv6Tests
{
    private const byte Managed = 0x80;
    private const byte Other = 0x40;
    private static readonly ImmutableArray<byte> ServerId = [0, 3, 0, 1, 2, 0, 0, 0, 0, 9];

    // 18.2.6: delayed by up to a second, and then with all that such a question must have.
    [Fact]
    public void AsksForWhatItCanUse()
    {
        (Dhcpv6Client client, Owner owner) = Asking();
        Dhcpv6Message asked = Assert.Single(owner.Sent);
        Assert.Equal((Dhcpv6MessageType.InformationRequest, client.TransactionId, (ushort)0), (asked.Type, asked.TransactionId, asked.ElapsedHundredths));
        byte[] bytes = new byte[Dhcpv6Message.MaximumRequestLength];
        Assert.Equal(bytes.Length, asked.Write(bytes));
        Assert.Equal(11, bytes[0]);
        // DUID-LL of Ethernet; 6: servers, domains, for how long, and how often to ask.
        Assert.Equal("0001000A00030001020000000002", Convert.ToHexString(bytes.AsSpan(4, 14)));
        Assert.Equal("00060008001700180020" + "0053", Convert.ToHexString(bytes.AsSpan(24, 12)));
    }

    [Fact]
    public void WaitsAWhileThatIsDrawnBeforeItAsks()
    {
        double[] delays = [.. Enumerable.Range(1, 20).Select(static seed =>
        {
            Dhcpv6Client client = new(StackHardware, new SeededRandomness(seed), new Owner());
            client.Start(TimeSpan.FromSeconds(5));
            return client.NextDeadline.TotalSeconds - 5;
        })];
        Assert.All(delays, static delay => Assert.InRange(delay, 0, 1));
        Assert.True(delays.Max() - delays.Min() > 0.5);
    }

    // 15: 1 s, then twice as long each time up to an hour, each give or take a tenth; the same transaction, and how long it has taken.
    [Fact]
    public void AsksAgainLessAndLessOften()
    {
        (Dhcpv6Client client, Owner owner) = Asking();
        TimeSpan began = _now;
        List<double> waits = [];
        for (int attempt = 0; attempt < 16; attempt++)
        {
            waits.Add((client.NextDeadline - _now).TotalSeconds);
            _now = client.NextDeadline;
            client.Expire(_now);
            Assert.Equal(Math.Min(ushort.MaxValue, (_now - began).TotalSeconds * 100), owner.Sent[^1].ElapsedHundredths, 1.0);
        }

        Assert.InRange(waits[0], 0.9, 1.1);
        for (int attempt = 1; attempt < 11; attempt++)
            Assert.InRange(waits[attempt], waits[attempt - 1] * 1.9, waits[attempt - 1] * 2.1);
        Assert.All(waits[13..], static wait => Assert.InRange(wait, 3240, 3960));
        Assert.True(waits[13..].Distinct().Count() > 1);
        Assert.Single(owner.Sent.Select(static sent => sent.TransactionId).Distinct());
    }

    [Fact]
    public void AnAnswerIsTaken()
    {
        (Dhcpv6Client client, Owner owner) = Asking();
        Assert.True(client.TryReceive(Answer(client), _now));
        Assert.Equal((Dhcpv6State.Informed, 0u), (client.State, client.TransactionId));
        Dhcpv6Message said = Assert.Single(owner.Configured);
        Assert.Equal(("2001:db8::53", "lab.example"), (said.NameServers.Single().ToString(), said.Domains.Single()));
        // A second server's is late.
        Assert.False(client.TryReceive(Answer(client), _now));
    }

    // 16.10.
    [Theory]
    [InlineData("transaction")]
    [InlineData("server")]
    [InlineData("client")]
    [InlineData("nobody")]
    [InlineData("type")]
    public void WhatDoesNotAnswerTheQuestionIsIgnored(string wrong)
    {
        (Dhcpv6Client client, Owner owner) = Asking();
        Dhcpv6Message answer = Answer(client);
        Assert.False(client.TryReceive(
            wrong switch
            {
                "transaction" => answer with { TransactionId = answer.TransactionId ^ 1 },
                "server" => answer with { ServerIdentifier = [] },
                "client" => answer with { ClientIdentifier = Dhcpv6Message.IdentifierOf(new(0x0200_0000_0077)) },
                "nobody" => answer with { ClientIdentifier = [] },
                _ => answer with { Type = Dhcpv6MessageType.InformationRequest },
            },
            _now));
        Assert.Equal((Dhcpv6State.Requesting, 0), (client.State, owner.Configured.Count));
    }

    // 18.2.10: a server that cannot says so; it is asked again in its time, and not at once.
    [Fact]
    public void AServerThatFailsIsAskedAgain()
    {
        (Dhcpv6Client client, Owner owner) = Asking();
        TimeSpan deadline = client.NextDeadline;
        Assert.True(client.TryReceive(Answer(client) with { Status = 1 }, _now));
        Assert.Equal((Dhcpv6State.Requesting, deadline, 1), (client.State, client.NextDeadline, owner.Sent.Count));
        Assert.Empty(owner.Configured);
    }

    // 21.23, with IRT_DEFAULT and IRT_MINIMUM; all ones are for ever.
    [Theory]
    [InlineData(null, 86_400.0)]
    [InlineData(7200u, 7200.0)]
    [InlineData(5u, 600.0)]
    [InlineData(uint.MaxValue, double.PositiveInfinity)]
    public void ItIsAskedForAgainWhenItsTimeIsOver(uint? said, double seconds)
    {
        (Dhcpv6Client client, Owner owner) = Asking();
        uint first = client.TransactionId;
        client.TryReceive(Answer(client) with { RefreshSeconds = said }, _now);
        if (double.IsInfinity(seconds))
        {
            Assert.Equal(TimeSpan.MaxValue, client.NextDeadline);
            return;
        }

        Assert.Equal(seconds, (client.NextDeadline - _now).TotalSeconds, 0.001);
        _now = client.NextDeadline;
        client.Expire(_now);
        Assert.Equal((Dhcpv6State.Delaying, 1), (client.State, owner.Sent.Count));
        Assert.InRange((client.NextDeadline - _now).TotalSeconds, 0, 1);
        _now = client.NextDeadline;
        client.Expire(_now);
        Assert.Equal((Dhcpv6State.Requesting, 2), (client.State, owner.Sent.Count));
        Assert.NotEqual(first, client.TransactionId);
        // What was known is known until somebody says something else.
        Assert.Single(owner.Configured);
    }

    // 21.25: from a minute to a day.
    [Theory]
    [InlineData(60u, 60.0)]
    [InlineData(59u, 3600.0)]
    [InlineData(86_401u, 3600.0)]
    public void AServerSaysHowSeldomToAsk(uint said, double longest)
    {
        (Dhcpv6Client client, _) = Asking();
        client.TryReceive(Answer(client) with { Status = 1, LongestRetransmissionSeconds = said }, _now);
        for (int attempt = 0; attempt < 16; attempt++)
            client.Expire(_now = client.NextDeadline);
        Assert.InRange((client.NextDeadline - _now).TotalSeconds, longest * 0.9, longest * 1.1);
    }

    [Fact]
    public void AMessageComesBackFromTheWireAsItWas()
    {
        (Dhcpv6Client client, _) = Asking();
        Dhcpv6Message message = Answer(client) with
        {
            NameServers = [V6("2001:db8::53"), V6("fe80::1")],
            Domains = ["lab.example", "example.org"],
            RefreshSeconds = 7200,
            LongestRetransmissionSeconds = 120,
            Status = 3,
        };
        byte[] bytes = new byte[500];
        int length = message.Write(bytes);
        Assert.Equal(WireError.None, Dhcpv6Message.TryParse(bytes.AsSpan(0, length), 6, out Dhcpv6Message read));
        byte[] again = new byte[500];
        Assert.Equal(bytes[..length], again[..read.Write(again)]);
        Assert.Equal(WireError.None, Dhcpv6Message.TryParse(bytes.AsSpan(0, length), 1, out Dhcpv6Message bounded));
        Assert.Equal((1, 1), (bounded.NameServers.Length, bounded.Domains.Length));
    }

    // RFC 1035 2.3.4: 253 characters are the longest. One more was read, since the dot before the last label was not counted.
    [Theory]
    [InlineData(61, 1)]
    [InlineData(62, 0)]
    public void ADomainIsReadUpToTheLongestThereIs(int last, int expected)
    {
        byte[] names = [.. Enumerable.Repeat<byte[]>([63, .. Enumerable.Repeat((byte)'a', 63)], 3).SelectMany(static label => label), (byte)last, .. Enumerable.Repeat((byte)'b', last), 0];
        byte[] message = [7, 0, 0, 1, 0, 24, 0, (byte)names.Length, .. names];
        message[6] = (byte)(names.Length >> 8);
        Assert.Equal(WireError.None, Dhcpv6Message.TryParse(message, 8, out Dhcpv6Message read));
        Assert.Equal(expected, read.Domains.Length);
    }

    [Fact]
    public void MutatedMessagesAreReadOrRefusedAndNeverThrow()
    {
        (Dhcpv6Client client, _) = Asking();
        byte[] bytes = new byte[200];
        int length = Answer(client).Write(bytes);
        Random random = new(7);
        int refused = 0;
        for (int round = 0; round < 50_000; round++)
        {
            byte[] message = bytes[..(random.Next(3) == 0 ? random.Next(length) : length)];
            for (int flips = random.Next(1, 4); flips > 0 && message.Length > 0; flips--)
                message[random.Next(message.Length)] = (byte)random.Next(random.Next(2) == 0 ? 40 : 256);
            WireError error = Dhcpv6Message.TryParse(message, 2, out Dhcpv6Message read);
            refused += error == WireError.None ? 0 : 1;
            Assert.True(read.NameServers.Length <= 2 && read.Domains.Length <= 2);
        }

        Assert.InRange(refused, 1, 49_999);
    }

    // RFC 4861 4.2: M says what O says.
    [Theory]
    [InlineData(0, false)]
    [InlineData(Other, true)]
    [InlineData(Managed, true)]
    public void ARoutersFlagStartsIt(byte flags, bool expected) => RunReady(async bench =>
    {
        await bench.SendAsync(AdvertiseRouter(flags: flags));
        await bench.AdvanceAsync(30);
        List<Ipv6Frame> asked = Questions(bench);
        Assert.Equal(expected, asked.Count > 0);
        // Addresses come from prefixes whatever the flags say.
        Assert.Contains(bench.Stack.Addresses.Ipv6, static own => own.Address.ToString().StartsWith("2001:db8:", StringComparison.Ordinal));
        if (!expected)
            return;
        Assert.Equal((bench.LinkLocal, Dhcpv6Message.AllServers), (asked[0].Source, asked[0].Destination));
        Assert.Equal(Dhcpv6Message.AllServers.MulticastHardware, asked[0].Hardware);
        // After 1, 2, 4, 8 and 16 seconds, each give or take a tenth.
        Assert.InRange(asked.Count, 5, 6);
    });

    // A router may speak before the host has an address to ask from.
    [Fact]
    public void ItDoesNotAskBeforeItHasAnAddressOfTheLink() => Run(async bench =>
    {
        await bench.SendAsync(AdvertiseRouter(flags: Other));
        await bench.AdvanceAsync(10);
        Assert.All(Questions(bench), asked => Assert.Equal(bench.LinkLocal, asked.Source));
        Assert.NotEmpty(Questions(bench));
    });

    [Fact]
    public void WhatAServerSaysIsUsedBeforeWhatRoutersSay() => RunReady(async bench =>
    {
        byte[] dns = new byte[24];
        (dns[0], dns[1], dns[6]) = (25, 3, 0x10);
        V6("2001:db8::99").Write(dns.AsSpan(8));
        await bench.SendAsync(AdvertiseRouter(flags: Other, more: dns));
        await bench.AdvanceAsync(1.05);
        await bench.SendAsync(Reply(bench, Questions(bench)[^1]));
        Assert.Equal("2001:db8::53 2001:db8::99", string.Join(' ', bench.Stack.NameServers.Servers));
        Assert.Equal("lab.example", Assert.Single(bench.Stack.NameServers.SearchDomains));
        bench.Frames.Clear();
        await bench.AdvanceAsync(600);
        Assert.Empty(Questions(bench));
    });

    // The true answer comes last, in one batch with more forged ones than the client's mailbox holds.
    [Fact]
    public void HoweverManyForgedAnswersComeTheTrueOneIsHeard() => RunReady(async bench =>
    {
        await bench.SendAsync(AdvertiseRouter(flags: Other));
        await bench.AdvanceAsync(1.05);
        Ipv6Frame asked = Questions(bench)[^1];
        byte[][] frames = [.. Enumerable.Range(1, 1023).Select(guess => Reply(bench, asked, (uint)guess)), Reply(bench, asked)];
        await bench.SendAsync(frames);
        Assert.Equal("2001:db8::53", string.Join(' ', bench.Stack.NameServers.Servers));
        Assert.Equal(1023, bench.Stack["DHCP"].Dropped(DropCause.Unacceptable));
    });

    // While the router's word is waited upon, while a server's is, and when it is there.
    [Fact]
    public void AClientThatIsSwappedGoesOnWhereItsPredecessorWas() => RunReady(async bench =>
    {
        await bench.SendAsync(AdvertiseRouter(flags: Other));
        await SwapAsync(bench);
        await bench.AdvanceAsync(1.05);
        Ipv6Frame asked = Assert.Single(Questions(bench));
        await SwapAsync(bench);
        // Its question is asked again in its time, and not for the swap, and the answer to the predecessor's is taken.
        Assert.Single(Questions(bench));
        await bench.AdvanceAsync(1.2);
        Assert.Equal(TransactionOf(asked), TransactionOf(Questions(bench)[1]));
        await bench.SendAsync(Reply(bench, asked));
        Assert.Equal("2001:db8::53", string.Join(' ', bench.Stack.NameServers.Servers));
        bench.Frames.Clear();
        await SwapAsync(bench);
        // 21.23: a day, from the answer on; then another transaction, which the port's new receiver knows.
        await bench.AdvanceAsync(86_390);
        Assert.Empty(Questions(bench));
        await bench.AdvanceAsync(12);
        Assert.NotEqual(TransactionOf(asked), TransactionOf(Questions(bench)[0]));
        await bench.SendAsync(Reply(bench, Questions(bench)[0]));
        bench.Frames.Clear();
        await bench.AdvanceAsync(600);
        Assert.Empty(Questions(bench));
    });

    private static async Task SwapAsync(FrameBench bench)
    {
        await bench.Stack.Interfaces[0].Dhcpv6!.SwapAsync(bench.Stack.Interfaces[0].CreateDhcpv6!);
        await bench.Test.WhenIdle();
    }

    private static uint TransactionOf(Ipv6Frame asked) => BinaryPrimitives.ReadUInt32BigEndian(asked.Payload.AsSpan(UdpHeader.Length)) & 0xFF_FFFF;

    private static List<Ipv6Frame> Questions(FrameBench bench) => [.. bench.Ipv6.Where(static frame =>
        frame.Next == (byte)IpProtocol.Udp && BinaryPrimitives.ReadUInt16BigEndian(frame.Payload) == Dhcpv6Message.ClientPort &&
        BinaryPrimitives.ReadUInt16BigEndian(frame.Payload.AsSpan(2)) == Dhcpv6Message.ServerPort)];

    private static byte[] Reply(FrameBench bench, Ipv6Frame asked, uint wrong = 0)
    {
        Assert.Equal(WireError.None, Dhcpv6Message.TryParse(asked.Payload.AsSpan(UdpHeader.Length), 1, out Dhcpv6Message question));
        Dhcpv6Message answer = Answer(question.TransactionId ^ wrong);
        byte[] datagram = new byte[300];
        int length = answer.Write(datagram.AsSpan(UdpHeader.Length));
        datagram = datagram[..(UdpHeader.Length + length)];
        new UdpHeader(Dhcpv6Message.ServerPort, Dhcpv6Message.ClientPort, length).Write(datagram, Router, bench.LinkLocal);
        return Ipv6Packet(Router, bench.LinkLocal, (byte)IpProtocol.Udp, datagram);
    }

    private TimeSpan _now;

    // A client whose first question is out.
    private (Dhcpv6Client, Owner) Asking()
    {
        Owner owner = new();
        Dhcpv6Client client = new(StackHardware, new SeededRandomness(1), owner);
        Assert.Equal(TimeSpan.MaxValue, client.NextDeadline);
        client.Start(TimeSpan.Zero);
        Assert.Equal((Dhcpv6State.Delaying, 0), (client.State, owner.Sent.Count));
        _now = client.NextDeadline;
        client.Expire(_now);
        Assert.Equal(Dhcpv6State.Requesting, client.State);
        return (client, owner);
    }

    private static Dhcpv6Message Answer(Dhcpv6Client client) => Answer(client.TransactionId);

    private static Dhcpv6Message Answer(uint transaction) => new()
    {
        Type = Dhcpv6MessageType.Reply,
        TransactionId = transaction,
        ClientIdentifier = Dhcpv6Message.IdentifierOf(StackHardware),
        ServerIdentifier = ServerId,
        NameServers = [V6("2001:db8::53")],
        Domains = ["lab.example"],
    };

    internal sealed class Owner : IDhcpv6ClientOwner
    {
        public List<Dhcpv6Message> Sent { get; } = [];

        public List<Dhcpv6Message> Configured { get; } = [];

        public void Send(Dhcpv6Message message) => Sent.Add(message);

        public void Configure(Dhcpv6Message information) => Configured.Add(information);
    }
}
