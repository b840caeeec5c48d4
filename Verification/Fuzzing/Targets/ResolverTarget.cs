using System.Buffers.Binary;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Dns;
using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// The whole resolver in virtual time, with servers that say what the input says: a list of answers, each with an octet of switches and its length. An answer may begin with
/// the question's own head, so that it is an answer to this question.
/// </summary>
internal sealed class ResolverTarget() : FuzzTarget("dns-resolver")
{
    private const int Silent = 1;
    private const int WithHead = 2;
    private const int Twice = 4;

    public override int LongestInput => 1024;

    public override long MostAllocated => 32 << 20;

    public override IEnumerable<byte[]> Seeds =>
    [
        [0, .. Answer(("a.test", DnsType.A, 60, [192, 0, 2, 1]))],
        [1, .. Answer(("a.test", DnsType.Cname, 60, Dns.NameOf("b.test"))), .. Answer(("b.test", DnsType.A, 60, [192, 0, 2, 1]))],
        [2, .. Answer(("a.test", DnsType.Cname, 60, DnsNames.Longest)), .. Answer()],
        [0, .. Answer(), .. Answer()],
    ];

    public override IReadOnlyList<byte[]> Words => [.. DnsNames.Labels, Dns.NameOf("a.test"), [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1], [0, 5, 0, 1, 0, 0, 0, 60], [2, 40, 0]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        byte[] answers = input.ToArray();
        LinkResources link = new(FramePool.Create(new FramePoolOptions { FrameCount = 8 }), FrameBatchPool.Create(8), new(0x0200_0000_0002), 1500);
        TestSystem.Run(
            async test =>
            {
                int choice = answers.Length == 0 ? 0 : answers[0];
                ActorRef<UdpMessage> udp = test.System.Spawn(new Servers(link, answers.AsMemory(Math.Min(1, answers.Length))), "udp");
                ActorRef<TcpMessage> tcp = test.System.Spawn(new NoTransport(), "tcp");
                DnsConfiguration configuration = new() { Questions = 4, CacheEntries = 4, AddressesPerName = 4 };
                NameServers servers = new();
                servers.SetByHand([(IpAddress)Packets.First, (IpAddress)Packets.FirstV6], (choice & 1) == 0 ? [] : ["test"]);
                LocalAddresses addresses = new();
                addresses.SetIpv4([new(Packets.Second, 24)]);
                addresses.SetIpv6([new(Packets.SecondV6, 64)]);
                InternetLayers internet = new([new InternetInterface(0, link, test.System.Spawn(new NoInternet(), "ip"), null, addresses)]);
                ActorRef<DnsMessage> resolver = test.System.Spawn(new DnsResolverActor(new(configuration, link, udp, tcp, new Numbers(), new("DNS")), servers, internet), "dns");
                foreach (string name in new[] { "a.test", "b" })
                {
                    DnsFamilies families = (choice & 2) == 0 ? DnsFamilies.Ipv4 : DnsFamilies.Both;
                    DnsResult result = await resolver.AskAsync<DnsResult>(reply => DnsMessage.Resolve(new(name, families, reply)), TimeSpan.FromMinutes(10));
                    Require((result.Status == DnsStatus.Found) == !result.Addresses.IsEmpty, $"'{name}' is {result.Status} with {result.Addresses.Length} addresses");
                    Require(result.Addresses.Length <= 2 * configuration.AddressesPerName, "there are more addresses than may be");
                }

                await test.WhenIdle();
                Require(test.System.FailureCount == 0, "an actor failed");
            },
            new() { Seed = 1 });
        Require(link.Frames is { RentedCount: 0, MisuseCount: 0 }, "a frame was lost or given back twice");
    }

    private static byte[] Answer(params (string Owner, DnsType Type, uint Seconds, byte[] Data)[] records)
    {
        byte[] message = Dns.Answer(0, "x", DnsType.A, records);
        // Of the message what follows the question; its head and question are the resolver's own.
        byte[] body = [(byte)(records.Length > 0 ? 0 : 3), (byte)records.Length, 0, .. message[(12 + 3 + 4)..]];
        return [WithHead, (byte)body.Length, (byte)(body.Length >> 8), .. body];
    }

    private sealed class NoInternet : Actor<IpMessage>
    {
        protected override ValueTask ReceiveAsync(IpMessage message)
        {
            message.Dispose();
            return default;
        }
    }

    private sealed class NoTransport : Actor<TcpMessage>
    {
        protected override ValueTask ReceiveAsync(TcpMessage message)
        {
            message.Dispose();
            return default;
        }
    }

    private sealed class Numbers : IRandomness
    {
        private readonly Random _random = new(1);

        public void Fill(Span<byte> bytes) => _random.NextBytes(bytes);
    }

    // UDP with servers behind it.
    private sealed class Servers(LinkResources link, ReadOnlyMemory<byte> answers) : Actor<UdpMessage>
    {
        private readonly Dictionary<ushort, UdpReceiver> _bound = [];
        private ReadOnlyMemory<byte> _answers = answers;

        protected override ValueTask ReceiveAsync(UdpMessage message)
        {
            switch (message.Kind)
            {
                case UdpMessageKind.TryBind:
                    message.Bound.Set(_bound.TryAdd(message.Port, message.Receiver!));
                    break;
                case UdpMessageKind.Unbind:
                    _bound.Remove(message.Port);
                    break;
                case UdpMessageKind.Send:
                    using (UdpDatagram question = message.Datagram)
                        Reply(question.Payload.Data.ToArray(), question.Source, question.Destination);
                    break;
            }

            return default;
        }

        private void Reply(byte[] question, IpEndPoint from, IpEndPoint to)
        {
            InputReader reader = new(_answers.Span);
            int kind = reader.Byte();
            byte[] body = reader.Take(reader.UInt16()).ToArray();
            _answers = _answers[(_answers.Length - reader.Rest().Length)..];
            if ((kind & Silent) != 0 || !_bound.TryGetValue(from.Port, out UdpReceiver? receiver))
                return;
            byte[] answer = (kind & WithHead) != 0 ? HeadOf(question, body) : body;
            for (int time = 0; time <= (kind & Twice) / Twice; time++)
            {
                if (!link.Frames.TryRent(out FrameBuffer frame))
                    return;
                frame.Append(answer.AsSpan(0, Math.Min(answer.Length, frame.Tailroom)));
                UdpDatagram datagram = new(frame, to, from);
                if (!receiver.TryDeliver(datagram))
                    datagram.Dispose();
            }
        }

        // The first three octets are the code, the count of answers and the count of authorities; records follow.
        private static byte[] HeadOf(byte[] question, byte[] body)
        {
            int at = 12;
            DnsName.TrySkip(question, ref at);
            byte[] head = question[..(at + 4)];
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), (ushort)(0x8180 | (body.ElementAtOrDefault(0) & 0x0F) | ((body.ElementAtOrDefault(0) & 0x80) << 2)));
            (head[7], head[9], head[11]) = (body.ElementAtOrDefault(1), body.ElementAtOrDefault(2), 0);
            return [.. head, .. body.Skip(3)];
        }
    }
}
