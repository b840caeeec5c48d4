using Troupe.Actors.Benchmarks.Savina;

namespace Troupe.Actors.Benchmarks;

/// <summary>Our actors with everything as it is by default: bounded mailboxes, supervision, preemption, time accounting.</summary>
internal sealed class TroupeContender : IContender
{
    /// <summary>As many at once as keep the run queue at its usual length: one that had to hold all of them would count as their memory.</summary>
    private const int Batch = 100;

    private readonly ActorSystem _system = new();

    public IContender Another() => new TroupeContender();

    public IScenario PingPong(int inFlight) => Passing(2, inFlight);

    public IScenario Ring(int nodes, int tokens) => Passing(nodes, tokens);

    public IScenario FanOut(int receivers)
    {
        var latch = new Latch();
        Sink[] sinks = Enumerable.Range(0, receivers).Select(_ => new Sink(latch)).ToArray();
        ActorRef<Parcel>[] targets = sinks.Select(sink => _system.Spawn(sink)).ToArray();
        ActorRef<Parcel> spreader = _system.Spawn(new Spreader(targets));
        return new Scenario(
            async size =>
            {
                int rounds = Math.Max(1, size / receivers);
                foreach (Sink sink in sinks)
                    sink.Expected = rounds;
                latch.Set(receivers);
                spreader.Tell(new Parcel(rounds));
                await latch.Task;
                return (long)rounds * receivers;
            },
            () => End([spreader, .. targets]));
    }

    public IScenario FanIn(int senders)
    {
        var latch = new Latch();
        var sink = new Sink(latch);
        ActorRef<Parcel> target = _system.Spawn(sink);
        ActorRef<Parcel>[] spreaders = Enumerable.Range(0, senders).Select(_ => _system.Spawn(new Spreader([target]))).ToArray();
        return new Scenario(
            async size =>
            {
                int each = Math.Max(1, size / senders);
                sink.Expected = each * senders;
                latch.Set(1);
                foreach (ActorRef<Parcel> spreader in spreaders)
                    spreader.Tell(new Parcel(each));
                await latch.Task;
                return (long)each * senders;
            },
            () => End([target, .. spreaders]));
    }

    public IScenario Create() => Creating(static latch => new Starting(latch), tells: false);

    public IScenario CreateAndTell() => Creating(static latch => new Telling(latch), tells: true);

    public IScenario Ask()
    {
        var latch = new Latch();
        ActorRef<Question> answering = _system.Spawn(new Answering());
        ActorRef<int> asking = _system.Spawn(new Asking(answering, latch));
        return new Scenario(
            async size =>
            {
                latch.Set(1);
                asking.Tell(size);
                await latch.Task;
                return size;
            },
            () => End([asking, answering]));
    }

    public async Task<IAsyncDisposable> Idle(int parties)
    {
        var latch = new Latch();
        // Its children are supervised, with a window and a limit.
        ActorRef<int> parent = _system.Spawn(() => new IdleParent(latch), new SpawnOptions { Supervision = new SupervisionStrategy() });
        for (int made = 0; made < parties; made += Batch)
        {
            latch.Set(Batch);
            parent.Tell(Batch);
            await latch.Task;
        }

        return new Scenario(null!, () => End([parent]));
    }

    public Task<TimeSpan> RunAsync(SavinaBenchmark benchmark, int size) => benchmark.RunAsync(_system, size);

    public ValueTask DisposeAsync() => _system.DisposeAsync();

    private static Task End(IEnumerable<ActorRef> actors) => Task.WhenAll(actors.Select(actor => actor.StopAsync(drain: false)).ToArray());

    private Scenario Passing(int nodes, int tokens)
    {
        var latch = new Latch();
        Player[] players = Enumerable.Range(0, nodes).Select(_ => new Player(latch)).ToArray();
        ActorRef<Parcel>[] ring = players.Select(player => _system.Spawn(player)).ToArray();
        for (int node = 0; node < nodes; node++)
            players[node].Next = ring[(node + 1) % nodes];
        return new Scenario(
            async size =>
            {
                int each = Math.Max(1, size / tokens);
                latch.Set(tokens);
                for (int token = 0; token < tokens; token++)
                    ring[token * nodes / tokens % nodes].Tell(new Parcel(each));
                await latch.Task;
                return (long)each * tokens;
            },
            () => End(ring));
    }

    private Scenario Creating(Func<Latch, Actor<Parcel>> create, bool tells)
    {
        var latch = new Latch();
        ActorRef<int> parent = _system.Spawn(new Parent(() => create(latch), tells));
        return new Scenario(
            async size =>
            {
                latch.Set(size);
                parent.Tell(size);
                await latch.Task;
                return size;
            },
            () => End([parent]));
    }

    private readonly record struct Question(int Number, Reply<int> Reply);

    private sealed class Player(Latch latch) : Actor<Parcel>
    {
        internal ActorRef<Parcel>? Next { get; set; }

        protected override ValueTask ReceiveAsync(Parcel message)
        {
            if (message.Left > 1)
                Next!.Tell(message with { Left = message.Left - 1 });
            else
                latch.Signal();
            return default;
        }
    }

    private sealed class Sink(Latch latch) : Actor<Parcel>
    {
        private int _received;

        internal int Expected { get; set; }

        protected override ValueTask ReceiveAsync(Parcel message)
        {
            if (++_received == Expected)
            {
                _received = 0;
                latch.Signal();
            }

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

    private sealed class Parent(Func<Actor<Parcel>> create, bool tells) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int actors)
        {
            for (int actor = 0; actor < actors; actor++)
            {
                ActorRef<Parcel> child = Context.Spawn(create());
                if (tells)
                    child.Tell(default);
            }

            return default;
        }
    }

    private sealed class Starting(Latch latch) : Actor<Parcel>
    {
        protected override void Started() => latch.Signal();

        protected override ValueTask ReceiveAsync(Parcel message) => default;
    }

    private sealed class Telling(Latch latch) : Actor<Parcel>
    {
        protected override ValueTask ReceiveAsync(Parcel message)
        {
            latch.Signal();
            return default;
        }
    }

    private sealed class IdleParent(Latch latch) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int actors)
        {
            for (int actor = 0; actor < actors; actor++)
                Context.Spawn(new Starting(latch));
            return default;
        }
    }

    private sealed class Answering : Actor<Question>
    {
        protected override ValueTask ReceiveAsync(Question message)
        {
            message.Reply.Set(message.Number + 1);
            return default;
        }
    }

    private sealed class Asking(ActorRef<Question> answering, Latch latch) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int questions)
        {
            int number = 0;
            while (number < questions)
                number = await answering.AskAsync<int, int>(number, static (number, reply) => new Question(number, reply));
            latch.Signal();
        }
    }
}
