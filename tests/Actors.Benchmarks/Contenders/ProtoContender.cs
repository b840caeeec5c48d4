using Proto;
using Proto.Mailbox;
using Props = Proto.Props;
using Troupe.Actors.Benchmarks.Savina;

namespace Troupe.Actors.Benchmarks;

/// <summary>
/// Proto.Actor as its own benchmarks have it: the thread pool's dispatcher, the default mailbox without a bound (its bounded one loses messages
/// when it is full), small immutable objects as messages.
/// </summary>
internal sealed class ProtoContender : IContender
{
    private static readonly ThreadPoolDispatcher _dispatcher = new() { Throughput = 300 };

    private readonly Proto.ActorSystem _system = new();

    private IRootContext Root => _system.Root;

    public IContender Another() => new ProtoContender();

    public IScenario PingPong(int inFlight) => Passing(2, inFlight);

    public IScenario Ring(int nodes, int tokens) => Passing(nodes, tokens);

    public IScenario FanOut(int receivers)
    {
        var latch = new Latch();
        PID[] sinks = Enumerable.Range(0, receivers).Select(_ => Root.Spawn(Of(() => new Sink(latch)))).ToArray();
        PID spreader = Root.Spawn(Of(() => new Spreader(sinks)));
        return new Scenario(
            async size =>
            {
                int rounds = Math.Max(1, size / receivers);
                latch.Set(receivers);
                foreach (PID sink in sinks)
                    Root.Send(sink, new Expect(rounds));
                Root.Send(spreader, new Token(rounds));
                await latch.Task;
                return (long)rounds * receivers;
            },
            () => End([spreader, .. sinks]));
    }

    public IScenario FanIn(int senders)
    {
        var latch = new Latch();
        PID sink = Root.Spawn(Of(() => new Sink(latch)));
        PID[] targets = [sink];
        PID[] spreaders = Enumerable.Range(0, senders).Select(_ => Root.Spawn(Of(() => new Spreader(targets)))).ToArray();
        return new Scenario(
            async size =>
            {
                int each = Math.Max(1, size / senders);
                latch.Set(1);
                Root.Send(sink, new Expect(each * senders));
                foreach (PID spreader in spreaders)
                    Root.Send(spreader, new Token(each));
                await latch.Task;
                return (long)each * senders;
            },
            () => End([sink, .. spreaders]));
    }

    public IScenario Create()
    {
        var latch = new Latch();
        return Creating(latch, Of(() => new Starting(latch)), tells: false);
    }

    public IScenario CreateAndTell()
    {
        var latch = new Latch();
        return Creating(latch, Of(() => new Telling(latch)), tells: true);
    }

    public IScenario Ask()
    {
        var latch = new Latch();
        PID answering = Root.Spawn(Of(() => new Answering()));
        PID asking = Root.Spawn(Of(() => new Asking(answering, latch)));
        return new Scenario(
            async size =>
            {
                latch.Set(1);
                Root.Send(asking, new Token(size));
                await latch.Task;
                return size;
            },
            () => End([asking, answering]));
    }

    public async Task<IAsyncDisposable> Idle(int parties)
    {
        var latch = new Latch();
        latch.Set(parties);
        PID parent = Root.Spawn(Of(() => new Parent(Of(() => new Starting(latch)), false)));
        Root.Send(parent, new Token(parties));
        await latch.Task;
        return new Scenario(null!, () => End([parent]));
    }

    public Task<TimeSpan> RunAsync(SavinaBenchmark benchmark, int size) => throw new NotSupportedException();

    public async ValueTask DisposeAsync() => await _system.ShutdownAsync();

    private static Props Of(Producer produce) => Props.FromProducer(produce).WithDispatcher(_dispatcher);

    private Task End(IEnumerable<PID> actors) => Task.WhenAll(actors.Select(actor => Root.StopAsync(actor)).ToArray());

    private Scenario Passing(int nodes, int tokens)
    {
        var latch = new Latch();
        Props props = Of(() => new Player(latch));
        PID[] ring = Enumerable.Range(0, nodes).Select(_ => Root.Spawn(props)).ToArray();
        for (int node = 0; node < nodes; node++)
            Root.Send(ring[node], ring[(node + 1) % nodes]);
        return new Scenario(
            async size =>
            {
                int each = Math.Max(1, size / tokens);
                latch.Set(tokens);
                for (int token = 0; token < tokens; token++)
                    Root.Send(ring[token * nodes / tokens % nodes], new Token(each));
                await latch.Task;
                return (long)each * tokens;
            },
            () => End(ring));
    }

    private Scenario Creating(Latch latch, Props child, bool tells)
    {
        PID parent = Root.Spawn(Of(() => new Parent(child, tells)));
        return new Scenario(
            async size =>
            {
                latch.Set(size);
                Root.Send(parent, new Token(size));
                await latch.Task;
                return size;
            },
            () => End([parent]));
    }

    private sealed record Token(long Left);

    private sealed record Expect(int Messages);

    private sealed class Player(Latch latch) : IActor
    {
        private PID? _next;

        public Task ReceiveAsync(IContext context)
        {
            switch (context.Message)
            {
                case Token { Left: > 1 } token:
                    context.Send(_next!, new Token(token.Left - 1));
                    break;
                case Token:
                    latch.Signal();
                    break;
                case PID next:
                    _next = next;
                    break;
            }

            return Task.CompletedTask;
        }
    }

    private sealed class Sink(Latch latch) : IActor
    {
        private int _left;

        public Task ReceiveAsync(IContext context)
        {
            switch (context.Message)
            {
                case Token:
                    if (--_left == 0)
                        latch.Signal();
                    break;
                case Expect expect:
                    _left = expect.Messages;
                    break;
            }

            return Task.CompletedTask;
        }
    }

    private sealed class Spreader(PID[] targets) : IActor
    {
        public Task ReceiveAsync(IContext context)
        {
            if (context.Message is Token token)
            {
                for (long round = token.Left; round > 0; round--)
                {
                    foreach (PID target in targets)
                        context.Send(target, token);
                }
            }

            return Task.CompletedTask;
        }
    }

    private sealed class Parent(Props child, bool tells) : IActor
    {
        public Task ReceiveAsync(IContext context)
        {
            if (context.Message is Token token)
            {
                for (long actor = 0; actor < token.Left; actor++)
                {
                    PID created = context.Spawn(child);
                    if (tells)
                        context.Send(created, token);
                }
            }

            return Task.CompletedTask;
        }
    }

    private sealed class Starting(Latch latch) : IActor
    {
        public Task ReceiveAsync(IContext context)
        {
            if (context.Message is Started)
                latch.Signal();
            return Task.CompletedTask;
        }
    }

    private sealed class Telling(Latch latch) : IActor
    {
        public Task ReceiveAsync(IContext context)
        {
            if (context.Message is Token)
                latch.Signal();
            return Task.CompletedTask;
        }
    }

    private sealed class Answering : IActor
    {
        public Task ReceiveAsync(IContext context)
        {
            if (context.Message is Token token)
                context.Respond(new Token(token.Left + 1));
            return Task.CompletedTask;
        }
    }

    private sealed class Asking(PID answering, Latch latch) : IActor
    {
        public async Task ReceiveAsync(IContext context)
        {
            if (context.Message is Token token)
            {
                long number = 0;
                while (number < token.Left)
                    number = (await context.RequestAsync<Token>(answering, new Token(number), CancellationToken.None)).Left;
                latch.Signal();
            }
        }
    }
}
