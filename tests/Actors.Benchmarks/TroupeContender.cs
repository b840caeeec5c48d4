namespace Troupe.Actors.Benchmarks;

/// <summary>Actors with the default bounded mailbox.</summary>
internal sealed class TroupeContender(int workers) : IContender
{
    private readonly ActorSystem _system = new(new ActorSystemOptions { Host = new ThreadWorkerHost(workers) });

    public async Task<int> PingPong(int messages, int inFlight)
    {
        var done = new Countdown(inFlight);
        var left = new Player(done);
        var right = new Player(done);
        ActorRef<Parcel> leftRef = _system.Spawn(left);
        ActorRef<Parcel> rightRef = _system.Spawn(right);
        left.Other = rightRef;
        right.Other = leftRef;
        for (int ball = 0; ball < inFlight; ball++)
            leftRef.Tell(new Parcel(messages / inFlight));
        await done.Task;
        return messages;
    }

    public async Task<int> FanOut(int receivers, int rounds)
    {
        var done = new Countdown(receivers);
        ActorRef<Parcel>[] sinks = Enumerable.Range(0, receivers).Select(_ => _system.Spawn(new Sink(rounds, done))).ToArray();
        _system.Spawn(new Spreader(sinks)).Tell(new Parcel(rounds));
        await done.Task;
        return receivers * rounds;
    }

    public async Task<int> FanIn(int senders, int each)
    {
        var done = new Countdown(1);
        ActorRef<Parcel>[] sink = [_system.Spawn(new Sink(senders * each, done))];
        foreach (ActorRef<Parcel> sender in Enumerable.Range(0, senders).Select(_ => _system.Spawn(new Spreader(sink))).ToArray())
            sender.Tell(new Parcel(each));
        await done.Task;
        return senders * each;
    }

    public async Task<int> Ring(int nodes, int tokens, int laps)
    {
        var done = new Countdown(tokens);
        Player[] players = Enumerable.Range(0, nodes).Select(_ => new Player(done)).ToArray();
        ActorRef<Parcel>[] ring = players.Select(player => _system.Spawn(player)).ToArray();
        for (int node = 0; node < nodes; node++)
            players[node].Other = ring[(node + 1) % nodes];
        for (int token = 0; token < tokens; token++)
            ring[token * nodes / tokens].Tell(new Parcel(nodes * laps));
        await done.Task;
        return nodes * laps * tokens;
    }

    public async Task<int> Create(int actors)
    {
        var done = new Countdown(actors);
        _system.Spawn(new Creating(done)).Tell(actors);
        await done.Task;
        return actors;
    }

    public async Task<int> Ask(int questions)
    {
        ActorRef<Question> answering = _system.Spawn(new Answering());
        var done = new Countdown(1);
        _system.Spawn(new Asking(answering, done)).Tell(questions);
        await done.Task;
        return questions * 2;
    }

    /// <summary>What the heap grows by for an actor that has started and received nothing, behaviour and reference included.</summary>
    internal static async Task<double> BytesPerActor(int actors)
    {
        await using var contender = new TroupeContender(1);
        var done = new Countdown(1);
        var kept = new ActorRef<Parcel>[actors];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int actor = 0; actor < actors; actor++)
        {
            kept[actor] = contender._system.Spawn(new Sink(1, done));
            // In batches: a run queue that has to hold all of them at once grows, and that is not an actor's size.
            if (actor % 100 == 99)
                await Started(contender._system);
        }

        kept[^1].Tell(default);
        await done.Task;
        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(kept);
        return (double)(after - before) / actors;
    }

    private static async Task Started(ActorSystem system)
    {
        var started = new Countdown(1);
        ActorRef<Parcel> last = system.Spawn(new Sink(1, started));
        last.Tell(default);
        await started.Task;
        await last.StopAsync();
    }

    public ValueTask DisposeAsync() => _system.DisposeAsync();

    private sealed class Player(Countdown done) : Actor<Parcel>
    {
        internal ActorRef<Parcel>? Other { get; set; }

        protected override ValueTask ReceiveAsync(Parcel message)
        {
            if (message.Left <= 1)
                done.Signal();
            else
                Other!.Tell(message with { Left = message.Left - 1 });
            return default;
        }
    }

    private sealed class Sink(int expected, Countdown done) : Actor<Parcel>
    {
        private int _received;

        protected override ValueTask ReceiveAsync(Parcel message)
        {
            if (++_received == expected)
                done.Signal();
            return default;
        }
    }

    private sealed class Spreader(ActorRef<Parcel>[] targets) : Actor<Parcel>
    {
        protected override async ValueTask ReceiveAsync(Parcel message)
        {
            for (long round = message.Left; round > 0; round--)
            {
                foreach (ActorRef<Parcel> target in targets)
                    await target.TellAsync(message);
            }
        }
    }

    private sealed class Creating(Countdown done) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int actors)
        {
            for (int actor = 0; actor < actors; actor++)
                Context.Spawn(new Mayfly(done));
            return default;
        }
    }

    private sealed class Mayfly(Countdown done) : Actor<Parcel>
    {
        protected override void Started()
        {
            done.Signal();
            Context.Stop();
        }

        protected override ValueTask ReceiveAsync(Parcel message) => default;
    }

    private readonly record struct Question(int Number, Reply<int> Reply);

    private sealed class Answering : Actor<Question>
    {
        protected override ValueTask ReceiveAsync(Question message)
        {
            message.Reply.Set(message.Number + 1);
            return default;
        }
    }

    private sealed class Asking(ActorRef<Question> answering, Countdown done) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int questions)
        {
            int number = 0;
            while (number < questions)
                number = await answering.AskAsync<int, int>(number, static (number, reply) => new Question(number, reply));
            done.Signal();
        }
    }
}
