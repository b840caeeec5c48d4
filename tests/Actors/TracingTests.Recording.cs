using System.Text.Json;

namespace Troupe.Actors.Tests;

/// <summary>What is recorded, of whom, and how it is written out.</summary>
public sealed partial class TracingTests
{
    [Fact]
    public async Task Switched_off_it_writes_nothing_more_and_can_be_read()
    {
        ActorRef<Question> answering = System.Spawn(new Acting<Question>((_, message) =>
        {
            message.Reply.Set(0);
            return default;
        }), "answering");
        await answering.AskAsync<int>(static reply => new Question(1, reply));
        Assert.Same(_tracer, System.StopTracing());
        Assert.Null(System.Tracer);
        await Until(() => System.Snapshot().All().Single().State == ActorState.Idle);
        long events = _tracer.EventCount;

        await answering.AskAsync<int>(static reply => new Question(1, reply));

        Assert.Equal(events, _tracer.EventCount);
        Assert.Contains(_tracer.Read().Events, traced => traced.Kind == TraceKind.Ask);
    }

    [Fact]
    public async Task A_full_ring_keeps_the_last_events_and_says_how_many_it_lost()
    {
        System.StopTracing();
        ActorTracer tracer = System.StartTracing(eventsPerWorker: 16);
        var done = new TaskCompletionSource();
        ActorRef<int>? self = null;
        self = Relay("counting", number =>
        {
            if (number == 0)
                done.SetResult();
            else
                self!.Tell(number - 1);
        });
        self.Tell(1_000);
        await done.Task.WaitAsync(Patience);

        await Until(() => System.Snapshot().All().Single().State == ActorState.Idle);
        ActorTrace trace = tracer.Read();
        Assert.InRange(trace.Events.Count, 1, 1_000);
        Assert.Equal(tracer.EventCount, trace.Events.Count + trace.Overwritten);
    }

    [Fact]
    public async Task The_flow_of_what_is_handled_can_be_logged()
    {
        var flow = new TaskCompletionSource<long>();
        ActorRef<int> last = Relay("last", _ => flow.SetResult(ActorTracer.CurrentFlow));
        ActorRef<int> first = Relay("first", last.Tell);
        first.Tell(1);

        long logged = await flow.Task.WaitAsync(Patience);

        Assert.Equal(_tracer.Read().Events.First(traced => traced.Kind == TraceKind.Send).Message, logged);
        Assert.Equal(0, ActorTracer.CurrentFlow);
    }

    [Fact]
    public async Task A_turn_that_overruns_its_quantum_is_traced_as_a_detachment()
    {
        var done = new TaskCompletionSource();
        ActorRef<int> spinning = Relay("spinning", _ =>
        {
            while (System.DetachmentCount == 0)
                Thread.SpinWait(100);
            done.SetResult();
        });
        spinning.Tell(1);
        await done.Task.WaitAsync(Patience);
        await Until(() => _tracer.Read().Events.Any(traced => traced is { Kind: TraceKind.Detach, Actor: "/spinning" }));
    }

    [Fact]
    public async Task An_actor_taken_by_another_worker_is_traced_as_a_steal()
    {
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(2), Quantum = Timeout.InfiniteTimeSpan });
        ActorTracer tracer = system.StartTracing();
        using var ran = new CountdownEvent(2);
        ActorRef<int>[] others = [.. Enumerable.Range(0, 2).Select(index => system.Spawn(new Acting<int>((_, _) =>
        {
            ran.Signal();
            return default;
        }), $"other{index}"))];
        ActorRef<int> spinning = system.Spawn(new Acting<int>((_, _) =>
        {
            foreach (ActorRef<int> other in others)
                other.Tell(1);
            // They are behind this turn in its worker's queue, and nobody detaches it.
            Assert.True(ran.Wait(Patience));
            return default;
        }), "spinning");

        spinning.Tell(1);
        Assert.True(await Task.Run(() => ran.Wait(Patience)));

        await Until(() => tracer.Read().Events.Any(traced => traced.Kind == TraceKind.Steal && traced.Actor!.StartsWith("/other", StringComparison.Ordinal)));
        Assert.True(system.StealCount > 0);
    }

    [Fact]
    public async Task A_trace_draws_itself_as_a_sequence_diagram()
    {
        ActorRef<Question> answering = System.Spawn(new Acting<Question>((_, message) =>
        {
            message.Reply.Set(message.Number);
            return default;
        }), "answering");
        var done = new TaskCompletionSource();
        ActorRef<int> asking = System.Spawn(new Acting<int>(async (_, number) =>
        {
            await answering.AskAsync<int>(reply => new Question(number, reply));
            done.SetResult();
        }), "asking");
        asking.Tell(1);
        await done.Task.WaitAsync(Patience);

        ActorTrace trace = _tracer.Read();
        long flow = trace.Events.Single(traced => traced is { Kind: TraceKind.Send, Peer: "/asking" }).Flow;
        Assert.Equal(
            """
            sequenceDiagram
                participant a0 as outside
                participant a1 as /asking
                participant a2 as /answering
                a0->>a1: Int32
                a1->>a2: Question?
                a2-->>a1: Int32

            """,
            trace.OfFlow(flow).ToMermaid());
    }

    [Fact]
    public async Task A_trace_writes_itself_for_a_timeline_viewer()
    {
        var done = new TaskCompletionSource();
        ActorRef<int> last = Relay("last", _ => done.SetResult());
        ActorRef<int> first = Relay("first", last.Tell);
        first.Tell(1);
        await done.Task.WaitAsync(Patience);

        using var stream = new MemoryStream();
        _tracer.Read().WriteChromeJson(stream);

        using var json = JsonDocument.Parse(stream.ToArray());
        JsonElement[] events = [.. json.RootElement.GetProperty("traceEvents").EnumerateArray()];
        Assert.Contains(events, traced => Text(traced, "ph") == "X" && Text(traced, "name") == "/last: Int32");
        string[] begun = [.. events.Where(traced => Text(traced, "ph") == "s").Select(traced => Text(traced, "id"))];
        string[] ended = [.. events.Where(traced => Text(traced, "ph") == "f").Select(traced => Text(traced, "id"))];
        Assert.NotEmpty(ended);
        Assert.Subset(begun.ToHashSet(), ended.ToHashSet());

        static string Text(JsonElement traced, string name) => traced.GetProperty(name).GetString()!;
    }

    [Fact]
    public async Task Another_system_is_not_traced()
    {
        await using var other = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1) });
        ActorRef<Question> answering = other.Spawn(new Acting<Question>((_, message) =>
        {
            message.Reply.Set(message.Number);
            return default;
        }));
        long before = _tracer.EventCount;

        Assert.Equal(7, await answering.AskAsync<int>(static reply => new Question(7, reply)));

        Assert.Equal(before, _tracer.EventCount);
        Assert.Null(other.Tracer);
    }
}
