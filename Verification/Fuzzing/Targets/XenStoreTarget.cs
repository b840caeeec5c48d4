using System.Buffers.Binary;
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Tests;
using Troupe.Drivers.Tests.Xen;
using Troupe.Drivers.Xen;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// xenstore's client with a store that does what the input says: answers what was asked with any kind and payload, sends any octets, writes anywhere in the page, its four indices included. The client
/// answers everybody, or ends by a violation and then everybody too; it believes no index that cannot be.
/// </summary>
internal sealed class XenStoreTarget() : FuzzTarget("xenstore")
{
    private const int Ring = 1024, RequestConsumer = 2048, RequestProducer = 2052, ResponseConsumer = 2056, ResponseProducer = 2060;
    private const int HeaderLength = 16;

    public override int LongestInput => 2048;

    public override long MostAllocated => 4 << 20;

    public override IEnumerable<byte[]> Seeds =>
    [
        // A node, a list of two names, a watch and its event.
        [0, 5, 4, 0, 2, 3, 0, 97, 98, 99, 1, 5, 4, 0, 1, 4, 0, 97, 0, 98, 0, 3, 5, 4, 0, 4, 3, 0, 79, 75, 0, 4, 0, 15, 4, 0, 97, 0, 48, 0],
        // A value longer than the ring, taken in two pieces; an error.
        [2, 250, 5, 5, 4, 0, 16, 7, 0, .. "ENOENT"u8, 0],
        // An index that cannot be; octets that are no answer.
        [0, 4, 6, 12, 4, 255, 255, 255, 255, 0, 4, 7, 4, 1, 2, 3, 4],
    ];

    public override void Run(ReadOnlySpan<byte> input)
    {
        byte[] steps = input.ToArray();
        List<ActorFailure> failures = [];
        TestSystem.Run(
            async test =>
            {
                Store store = new();
                ActorRef<XenStoreMessage> client = test.System.Spawn(new XenStoreClient(store), "xenstore");
                List<Task> asked = [];
                ReadOnlyMemory<byte> rest = steps;
                while (!rest.IsEmpty)
                {
                    InputReader reader = new(rest.Span);
                    if (Ask(client, reader.Byte() % 8, ref reader) is { } question)
                        asked.Add(question);
                    else
                        store.Act(rest.Span[0] % 8, ref reader);
                    rest = rest[(rest.Length - reader.Rest().Length)..];
                    await test.WhenIdle();
                }

                await client.StopAsync();
                await test.WhenIdle();
                Require(asked.TrueForAll(static question => question.IsCompleted), "a question has no answer though the client has ended");
                Require(store.Escaped is null, store.Escaped ?? "");
            },
            new() { Seed = 1, IgnoresFailures = true, Configure = options => options with { OnFailure = failures.Add } });
        Require(failures.Count <= 1 && failures.TrueForAll(static failure => failure.Exception is XenViolationException), $"the client failed: {string.Join('\n', failures)}");
    }

    private static Task? Ask(ActorRef<XenStoreMessage> client, int kind, ref InputReader reader)
    {
        if (kind > 3)
            return null;
        int length = reader.Byte();
        string path = new('p', 1 + (length % 40));
        TimeSpan time = TimeSpan.FromMinutes(1);
        return kind switch
        {
            0 => Answered(client.AskAsync<string?>(reply => new XenStoreMessage.Read(path, reply), time)),
            1 => Answered(client.AskAsync<ImmutableArray<string>>(reply => new XenStoreMessage.List(path, reply), time)),
            2 => Answered(client.AskAsync<bool>(reply => new XenStoreMessage.Write(path, new string('v', length * 8), reply), time)),
            _ => Answered(client.AskAsync<bool>(reply => new XenStoreMessage.Watch(path, static () => { }, reply), time)),
        };
    }

    private static async Task Answered<TReply>(ValueTask<TReply> question)
    {
        try
        {
            await question;
        }
        catch (Exception exception) when (exception is AskFailedException or AskTimeoutException)
        {
            // The client has ended.
        }
    }

    private sealed class Store : XenStoreConnection
    {
        private readonly FakeChannel _channel = new();
        private readonly byte[] _page;
        private readonly List<byte> _request = [];

        public Store()
        {
            FakeBlock page = (FakeBlock)new FakeArena(new FakeMemory()).Allocate(4096, 4096);
            (Page, _page) = (page, page.Bytes);
            _channel.OnNotify = Look;
        }

        public override DmaBlock Page { get; }

        public override EventChannel Channel => _channel;

        /// <summary>What the client did that it must not.</summary>
        public string? Escaped { get; private set; }

        public void Act(int kind, ref InputReader reader)
        {
            switch (kind)
            {
                case 4:
                    Answer(reader.Byte(), reader.Byte(), reader.Take(reader.UInt16()));
                    break;
                case 5:
                    Take();
                    break;
                case 6:
                    Write(RequestConsumer - 4 + (reader.Byte() % 20), reader.Take(reader.Byte() % 5));
                    break;
                default:
                    Send(reader.Take(reader.Byte()));
                    break;
            }

            _channel.Raise();
        }

        private void Look() => Escaped ??= _page.AsSpan(ResponseProducer + 4).ContainsAnyExcept((byte)0) ? "the client has written outside of the rings" : null;

        // What the client has asked, as far as it is in the ring.
        private void Take()
        {
            uint consumer = Read(RequestConsumer);
            for (int count = 0; count < Ring && consumer != Read(RequestProducer); count++)
                _request.Add(_page[consumer++ % Ring]);
            BinaryPrimitives.WriteUInt32LittleEndian(_page.AsSpan(RequestConsumer), consumer);
        }

        // With the number of what was asked last, or another.
        private void Answer(int switches, int kind, ReadOnlySpan<byte> payload)
        {
            Take();
            uint number = 0;
            if (_request.Count >= HeaderLength)
            {
                int length = (int)Math.Min(4096, BinaryPrimitives.ReadUInt32LittleEndian([.. _request[12..16]]));
                number = BinaryPrimitives.ReadUInt32LittleEndian([.. _request[4..8]]);
                if ((switches & 1) == 0)
                    _request.RemoveRange(0, Math.Min(_request.Count, HeaderLength + length));
            }

            byte[] message = new byte[HeaderLength + payload.Length];
            BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)kind);
            BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), number);
            BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(12), (uint)payload.Length);
            payload.CopyTo(message.AsSpan(HeaderLength));
            Send(message);
        }

        private void Send(ReadOnlySpan<byte> octets)
        {
            uint producer = Read(ResponseProducer);
            foreach (byte octet in octets[..Math.Min(octets.Length, Ring)])
                _page[Ring + (int)(producer++ % Ring)] = octet;
            BinaryPrimitives.WriteUInt32LittleEndian(_page.AsSpan(ResponseProducer), producer);
        }

        private void Write(int at, ReadOnlySpan<byte> octets) => octets[..Math.Min(octets.Length, ResponseProducer + 4 - at)].CopyTo(_page.AsSpan(at));

        private uint Read(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(at));
    }
}
