using System.Threading.Channels;

namespace Troupe.Actors.Benchmarks;

/// <summary>What one writes without actors: a bounded channel and a task that reads it.</summary>
internal sealed class ChannelContender : IContender
{
    private readonly List<Channel<Parcel>> _channels = [];

    public async Task<int> PingPong(int messages, int inFlight)
    {
        var done = new Countdown(inFlight);
        Channel<Parcel> left = Create();
        Channel<Parcel> right = Create();
        Start(left, message => Pass(message, right, done));
        Start(right, message => Pass(message, left, done));
        for (int ball = 0; ball < inFlight; ball++)
            left.Writer.TryWrite(new Parcel(messages / inFlight));
        await done.Task;
        return messages;
    }

    public async Task<int> FanOut(int receivers, int rounds)
    {
        var done = new Countdown(receivers);
        Channel<Parcel>[] sinks = Enumerable.Range(0, receivers).Select(_ => Sink(rounds, done)).ToArray();
        Task spreading = Task.Run(async () =>
        {
            for (int round = 0; round < rounds; round++)
            {
                foreach (Channel<Parcel> sink in sinks)
                    await sink.Writer.WriteAsync(new Parcel(round));
            }
        });
        await done.Task;
        await spreading;
        return receivers * rounds;
    }

    public async Task<int> FanIn(int senders, int each)
    {
        var done = new Countdown(1);
        Channel<Parcel> sink = Sink(senders * each, done);
        for (int sender = 0; sender < senders; sender++)
        {
            _ = Task.Run(async () =>
            {
                for (int number = 0; number < each; number++)
                    await sink.Writer.WriteAsync(new Parcel(number));
            });
        }

        await done.Task;
        return senders * each;
    }

    public async Task<int> Ring(int nodes, int tokens, int laps)
    {
        var done = new Countdown(tokens);
        Channel<Parcel>[] ring = Enumerable.Range(0, nodes).Select(_ => Create()).ToArray();
        for (int node = 0; node < nodes; node++)
        {
            Channel<Parcel> next = ring[(node + 1) % nodes];
            Start(ring[node], message => Pass(message, next, done));
        }

        for (int token = 0; token < tokens; token++)
            ring[token * nodes / tokens].Writer.TryWrite(new Parcel(nodes * laps));
        await done.Task;
        return nodes * laps * tokens;
    }

    public async Task<int> Create(int actors)
    {
        var done = new Countdown(actors);
        await Task.Run(() =>
        {
            for (int actor = 0; actor < actors; actor++)
            {
                Channel<Parcel> channel = Create();
                _ = Task.Run(async () =>
                {
                    done.Signal();
                    while (await channel.Reader.WaitToReadAsync())
                    {
                    }
                });
                channel.Writer.Complete();
            }
        });
        await done.Task;
        return actors;
    }

    public async Task<int> Ask(int questions)
    {
        var asked = Channel.CreateBounded<(int Number, TaskCompletionSource<int> Reply)>(MailboxOptions.DefaultCapacity);
        Task answering = Task.Run(async () =>
        {
            await foreach ((int number, TaskCompletionSource<int> reply) in asked.Reader.ReadAllAsync())
                reply.SetResult(number + 1);
        });
        await Task.Run(async () =>
        {
            int number = 0;
            while (number < questions)
            {
                var reply = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
                await asked.Writer.WriteAsync((number, reply));
                number = await reply.Task;
            }
        });
        asked.Writer.Complete();
        await answering;
        return questions * 2;
    }

    public ValueTask DisposeAsync()
    {
        foreach (Channel<Parcel> channel in _channels)
            channel.Writer.TryComplete();
        return default;
    }

    private static ValueTask Pass(Parcel message, Channel<Parcel> next, Countdown done)
    {
        if (message.Left > 1)
            return next.Writer.WriteAsync(message with { Left = message.Left - 1 });
        done.Signal();
        return default;
    }

    private static void Start(Channel<Parcel> channel, Func<Parcel, ValueTask> receive) =>
        _ = Task.Run(async () =>
        {
            while (await channel.Reader.WaitToReadAsync())
            {
                while (channel.Reader.TryRead(out Parcel message))
                    await receive(message);
            }
        });

    private Channel<Parcel> Create()
    {
        var channel = Channel.CreateBounded<Parcel>(new BoundedChannelOptions(MailboxOptions.DefaultCapacity) { SingleReader = true });
        _channels.Add(channel);
        return channel;
    }

    private Channel<Parcel> Sink(int expected, Countdown done)
    {
        Channel<Parcel> channel = Create();
        int received = 0;
        Start(channel, _ =>
        {
            if (++received == expected)
                done.Signal();
            return default;
        });
        return channel;
    }
}
