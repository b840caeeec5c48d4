using System.Threading.Channels;
using Troupe.Actors.Benchmarks.Savina;

namespace Troupe.Actors.Benchmarks;

/// <summary>What one writes without actors: a bounded channel for one reader, and a task that reads it by WaitToReadAsync and TryRead.</summary>
internal sealed class ChannelContender : IContender
{
    private const int Capacity = MailboxOptions.DefaultCapacity;

    public IContender Another() => new ChannelContender();

    public IScenario PingPong(int inFlight) => Passing(2, inFlight);

    public IScenario Ring(int nodes, int tokens) => Passing(nodes, tokens);

    public IScenario FanOut(int receivers)
    {
        var latch = new Latch();
        var sinks = new Sink[receivers];
        for (int index = 0; index < receivers; index++)
            sinks[index] = new Sink(latch);
        Channel<Parcel> spreader = Party(async message =>
        {
            for (long round = message.Left; round > 0; round--)
            {
                foreach (Sink sink in sinks)
                    await sink.Channel.Writer.WriteAsync(message);
            }
        });
        return new Scenario(
            async size =>
            {
                int rounds = Math.Max(1, size / receivers);
                foreach (Sink sink in sinks)
                    sink.Expected = rounds;
                latch.Set(receivers);
                spreader.Writer.TryWrite(new Parcel(rounds));
                await latch.Task;
                return (long)rounds * receivers;
            },
            () => End([spreader, .. sinks.Select(sink => sink.Channel)]));
    }

    public IScenario FanIn(int senders)
    {
        var latch = new Latch();
        var sink = new Sink(latch);
        var spreaders = new Channel<Parcel>[senders];
        for (int index = 0; index < senders; index++)
        {
            spreaders[index] = Party(async message =>
            {
                for (long number = message.Left; number > 0; number--)
                    await sink.Channel.Writer.WriteAsync(message);
            });
        }

        return new Scenario(
            async size =>
            {
                int each = Math.Max(1, size / senders);
                sink.Expected = each * senders;
                latch.Set(1);
                foreach (Channel<Parcel> spreader in spreaders)
                    spreader.Writer.TryWrite(new Parcel(each));
                await latch.Task;
                return (long)each * senders;
            },
            () => End([sink.Channel, .. spreaders]));
    }

    public IScenario Create() => Creating((latch, reader) => Task.Run(async () =>
    {
        latch.Signal();
        while (await reader.WaitToReadAsync())
        {
        }
    }), tells: false);

    public IScenario CreateAndTell() => Creating((latch, reader) => Task.Run(async () =>
    {
        while (await reader.WaitToReadAsync())
        {
            while (reader.TryRead(out _))
                latch.Signal();
        }
    }), tells: true);

    public IScenario Ask()
    {
        var asked = Channel.CreateBounded<Question>(new BoundedChannelOptions(Capacity) { SingleReader = true });
        _ = Task.Run(async () =>
        {
            while (await asked.Reader.WaitToReadAsync())
            {
                while (asked.Reader.TryRead(out Question question))
                    question.Reply.SetResult(question.Number + 1);
            }
        });
        return new Scenario(
            async size =>
            {
                await Task.Run(async () =>
                {
                    int number = 0;
                    while (number < size)
                    {
                        var reply = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
                        await asked.Writer.WriteAsync(new Question(number, reply));
                        number = await reply.Task;
                    }
                });
                return size;
            },
            () =>
            {
                asked.Writer.Complete();
                return Task.CompletedTask;
            });
    }

    public async Task<IAsyncDisposable> Idle(int parties)
    {
        var latch = new Latch();
        latch.Set(parties);
        var channels = new Channel<Parcel>[parties];
        for (int index = 0; index < parties; index++)
        {
            Channel<Parcel> channel = channels[index] = NewChannel();
            _ = Task.Run(async () =>
            {
                latch.Signal();
                while (await channel.Reader.WaitToReadAsync())
                {
                }
            });
        }

        await latch.Task;
        return new Scenario(null!, () => End(channels));
    }

    public Task<TimeSpan> RunAsync(SavinaBenchmark benchmark, int size) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;

    private static Scenario Passing(int nodes, int tokens)
    {
        var latch = new Latch();
        var ring = new Channel<Parcel>[nodes];
        for (int node = 0; node < nodes; node++)
            ring[node] = NewChannel();
        for (int node = 0; node < nodes; node++)
        {
            Channel<Parcel> next = ring[(node + 1) % nodes];
            Read(ring[node].Reader, message =>
            {
                if (message.Left > 1)
                    return next.Writer.WriteAsync(message with { Left = message.Left - 1 });
                latch.Signal();
                return default;
            });
        }

        return new Scenario(
            async size =>
            {
                int each = Math.Max(1, size / tokens);
                latch.Set(tokens);
                for (int token = 0; token < tokens; token++)
                    ring[token * nodes / tokens % nodes].Writer.TryWrite(new Parcel(each));
                await latch.Task;
                return (long)each * tokens;
            },
            () => End(ring));
    }

    private static Scenario Creating(Func<Latch, ChannelReader<Parcel>, Task> start, bool tells)
    {
        var latch = new Latch();
        var created = new List<Channel<Parcel>>();
        return new Scenario(
            async size =>
            {
                latch.Set(size);
                await Task.Run(() =>
                {
                    for (int party = 0; party < size; party++)
                    {
                        Channel<Parcel> channel = NewChannel();
                        created.Add(channel);
                        _ = start(latch, channel.Reader);
                        if (tells)
                            channel.Writer.TryWrite(default);
                    }
                });
                await latch.Task;
                return size;
            },
            () => End([.. created]));
    }

    private static Channel<Parcel> Party(Func<Parcel, ValueTask> receive)
    {
        Channel<Parcel> channel = NewChannel();
        Read(channel.Reader, receive);
        return channel;
    }

    private static Channel<Parcel> NewChannel() => Channel.CreateBounded<Parcel>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    private static void Read(ChannelReader<Parcel> reader, Func<Parcel, ValueTask> receive) => _ = Task.Run(async () =>
    {
        while (await reader.WaitToReadAsync())
        {
            while (reader.TryRead(out Parcel message))
                await receive(message);
        }
    });

    private static Task End(Channel<Parcel>[] channels)
    {
        foreach (Channel<Parcel> channel in channels)
            channel.Writer.TryComplete();
        return Task.CompletedTask;
    }

    private readonly record struct Question(int Number, TaskCompletionSource<int> Reply);

    private sealed class Sink
    {
        private int _received;

        internal Sink(Latch latch)
        {
            Read(Channel.Reader, _ =>
            {
                if (++_received == Expected)
                {
                    _received = 0;
                    latch.Signal();
                }

                return default;
            });
        }

        internal Channel<Parcel> Channel { get; } = NewChannel();

        internal int Expected { get; set; }
    }
}
