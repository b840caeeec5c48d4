using Akka.Actor;
using Akka.Configuration;
using Troupe.Actors.Benchmarks.Savina;

namespace Troupe.Actors.Benchmarks;

/// <summary>
/// Akka.NET as its own benchmarks have it: the default dispatcher, the default mailbox, which has no bound (its bounded one blocks a thread of the
/// pool until there is room), small immutable objects as messages, and untyped actors, whose handlers cost less than those of ReceiveActor.
/// </summary>
internal sealed class AkkaContender : IContender
{
    private readonly Akka.Actor.ActorSystem _system = NewSystem();

    private static Akka.Actor.ActorSystem NewSystem() => Akka.Actor.ActorSystem.Create(
        "benchmark", ConfigurationFactory.ParseString("akka { loglevel = WARNING, stdout-loglevel = WARNING, log-dead-letters = off, log-dead-letters-during-shutdown = off, suppress-json-serializer-warning = on }"));

    public IContender Another() => new AkkaContender();

    public IScenario PingPong(int inFlight) => Passing(2, inFlight);

    public IScenario Ring(int nodes, int tokens) => Passing(nodes, tokens);

    public IScenario FanOut(int receivers)
    {
        var latch = new Latch();
        IActorRef[] sinks = Enumerable.Range(0, receivers).Select(_ => _system.ActorOf(Props.Create(() => new Sink(latch)))).ToArray();
        IActorRef spreader = _system.ActorOf(Props.Create(() => new Spreader(sinks)));
        return new Scenario(
            async size =>
            {
                int rounds = Math.Max(1, size / receivers);
                latch.Set(receivers);
                foreach (IActorRef sink in sinks)
                    sink.Tell(new Expect(rounds), ActorRefs.NoSender);
                spreader.Tell(new Token(rounds), ActorRefs.NoSender);
                await latch.Task;
                return (long)rounds * receivers;
            },
            () => End([spreader, .. sinks]));
    }

    public IScenario FanIn(int senders)
    {
        var latch = new Latch();
        IActorRef sink = _system.ActorOf(Props.Create(() => new Sink(latch)));
        IActorRef[] targets = [sink];
        IActorRef[] spreaders = Enumerable.Range(0, senders).Select(_ => _system.ActorOf(Props.Create(() => new Spreader(targets)))).ToArray();
        return new Scenario(
            async size =>
            {
                int each = Math.Max(1, size / senders);
                latch.Set(1);
                sink.Tell(new Expect(each * senders), ActorRefs.NoSender);
                foreach (IActorRef spreader in spreaders)
                    spreader.Tell(new Token(each), ActorRefs.NoSender);
                await latch.Task;
                return (long)each * senders;
            },
            () => End([sink, .. spreaders]));
    }

    public IScenario Create()
    {
        var latch = new Latch();
        return Creating(latch, Props.Create(() => new Starting(latch)), tells: false);
    }

    public IScenario CreateAndTell()
    {
        var latch = new Latch();
        return Creating(latch, Props.Create(() => new Telling(latch)), tells: true);
    }

    public IScenario Ask()
    {
        IActorRef answering = _system.ActorOf(Props.Create(() => new Answering()));
        var latch = new Latch();
        IActorRef asking = _system.ActorOf(Props.Create(() => new Asking(answering, latch)));
        return new Scenario(
            async size =>
            {
                latch.Set(1);
                asking.Tell(new Token(size), ActorRefs.NoSender);
                await latch.Task;
                return size;
            },
            () => End([asking, answering]));
    }

    public async Task<IAsyncDisposable> Idle(int parties)
    {
        var latch = new Latch();
        latch.Set(parties);
        IActorRef parent = _system.ActorOf(Props.Create(() => new Parent(Props.Create(() => new Starting(latch)), false)));
        parent.Tell(new Token(parties), ActorRefs.NoSender);
        await latch.Task;
        return new Scenario(null!, () => End([parent]));
    }

    public Task<TimeSpan> RunAsync(SavinaBenchmark benchmark, int size) => benchmark.RunAsync(_system, size);

    public async ValueTask DisposeAsync() => await _system.Terminate();

    private static Task End(IEnumerable<IActorRef> actors) => Task.WhenAll(actors.Select(actor => actor.GracefulStop(TimeSpan.FromMinutes(1))).ToArray());

    private Scenario Passing(int nodes, int tokens)
    {
        var latch = new Latch();
        IActorRef[] ring = Enumerable.Range(0, nodes).Select(_ => _system.ActorOf(Props.Create(() => new Player(latch)))).ToArray();
        for (int node = 0; node < nodes; node++)
            ring[node].Tell(ring[(node + 1) % nodes], ActorRefs.NoSender);
        return new Scenario(
            async size =>
            {
                int each = Math.Max(1, size / tokens);
                latch.Set(tokens);
                for (int token = 0; token < tokens; token++)
                    ring[token * nodes / tokens % nodes].Tell(new Token(each), ActorRefs.NoSender);
                await latch.Task;
                return (long)each * tokens;
            },
            () => End(ring));
    }

    private Scenario Creating(Latch latch, Props child, bool tells)
    {
        IActorRef parent = _system.ActorOf(Props.Create(() => new Parent(child, tells)));
        return new Scenario(
            async size =>
            {
                latch.Set(size);
                parent.Tell(new Token(size), ActorRefs.NoSender);
                await latch.Task;
                return size;
            },
            () => End([parent]));
    }

    private sealed record Token(long Left);

    private sealed record Expect(int Messages);

    private sealed class Player(Latch latch) : UntypedActor
    {
        private IActorRef? _next;

        protected override void OnReceive(object message)
        {
            if (message is Token token)
            {
                if (token.Left > 1)
                    _next!.Tell(new Token(token.Left - 1), Self);
                else
                    latch.Signal();
            }
            else
            {
                _next = (IActorRef)message;
            }
        }
    }

    private sealed class Sink(Latch latch) : UntypedActor
    {
        private int _left;

        protected override void OnReceive(object message)
        {
            if (message is Token)
            {
                if (--_left == 0)
                    latch.Signal();
            }
            else
            {
                _left = ((Expect)message).Messages;
            }
        }
    }

    private sealed class Spreader(IActorRef[] targets) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            var token = (Token)message;
            IActorRef self = Self;
            for (long round = token.Left; round > 0; round--)
            {
                foreach (IActorRef target in targets)
                    target.Tell(token, self);
            }
        }
    }

    private sealed class Parent(Props child, bool tells) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            var token = (Token)message;
            for (long actor = 0; actor < token.Left; actor++)
            {
                IActorRef created = Context.ActorOf(child);
                if (tells)
                    created.Tell(token, Self);
            }
        }
    }

    private sealed class Starting(Latch latch) : UntypedActor
    {
        protected override void PreStart() => latch.Signal();

        protected override void OnReceive(object message)
        {
        }
    }

    private sealed class Telling(Latch latch) : UntypedActor
    {
        protected override void OnReceive(object message) => latch.Signal();
    }

    private sealed class Answering : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(new Token(((Token)message).Left + 1), Self);
    }

    /// <summary>Ask from an actor, as one would: the actor awaits the answer.</summary>
    private sealed class Asking : ReceiveActor
    {
        public Asking(IActorRef answering, Latch latch)
        {
            ReceiveAsync<Token>(async token =>
            {
                long number = 0;
                while (number < token.Left)
                    number = (await answering.Ask<Token>(new Token(number))).Left;
                latch.Signal();
            });
        }
    }
}
