using Troupe.Actors;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>Whole systems of actors under Coyote: what the protocols test in parts holds when it is put together.</summary>
public sealed class ActorSystemTests(ITestOutputHelper output)
{
    [Fact]
    public void Answers_come_back_into_the_turns_of_who_asked() => Interleavings.Hold(output, CoyoteActorHost.Run(system =>
    {
        var results = new int[2];
        ActorRef<Take> stock = system.Spawn(new Stock(2), "stock");
        for (var i = 0; i < results.Length; i++) system.Spawn(new Buyer(stock, results, looksFirst: false), $"buyer-{i}").Tell(i);
        return () => Assert.Equal([0, 1], results.Order());
    }));

    [Fact]
    public void Who_looks_first_and_takes_later_takes_what_is_gone() => Interleavings.Find(output, CoyoteActorHost.Run(system =>
    {
        var results = new int[2];
        ActorRef<Take> stock = system.Spawn(new Stock(1), "stock");
        for (var i = 0; i < results.Length; i++) system.Spawn(new Buyer(stock, results, looksFirst: true), $"buyer-{i}").Tell(i);
        return () => Assert.Equal([0, 0], results);
    }), "Collections differ");

    // Whoever comes second would throw.
    [Fact]
    public void An_ask_is_answered_or_canceled() => Interleavings.Hold(output, () =>
    {
        var canceling = new CancellationTokenSource();
        CoyoteActorHost.Run(
            system =>
            {
                ActorRef<Take> stock = system.Spawn(new Stock(1), "stock");
                ValueTask<int> answer = stock.AskAsync<int>(static left => new Take(1, left), cancellationToken: canceling.Token);
                return () => Assert.True(answer.IsCanceled || (answer.IsCompletedSuccessfully && answer.Result == 0));
            },
            beside: [canceling.Cancel])();
    });

    [Fact]
    public void A_child_that_fails_loses_no_message_of_its_sender() => Interleavings.Hold(output, Failing(FailurePolicy.Restart));

    [Fact]
    public void A_child_that_is_stopped_handles_no_more() => Interleavings.Find(output, Failing(FailurePolicy.Stop), "Collections differ");

    private static Action Failing(FailurePolicy decision) => CoyoteActorHost.Run(
        system =>
        {
            var handled = new List<int>();
            ActorRef<int> parent = system.Spawn(
                () => new Parent(handled), new SpawnOptions { Name = "parent", Supervision = new SupervisionStrategy { Decide = _ => decision } });
            for (var i = 0; i < 3; i++) parent.Tell(i);
            return () => Assert.Equal([0, 1, 2], handled);
        },
        failures: 1);

    private readonly record struct Take(int Items, Reply<int> Left);

    private sealed class Stock(int items) : Actor<Take>
    {
        protected override ValueTask ReceiveAsync(Take message)
        {
            message.Left.Set(items -= message.Items);
            return default;
        }
    }

    private sealed class Buyer(ActorRef<Take> stock, int[] results, bool looksFirst) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int number)
        {
            if (!looksFirst || await stock.AskAsync<int>(static left => new Take(0, left)) > 0)
                results[number] = await stock.AskAsync<int>(static left => new Take(1, left));
        }
    }

    private sealed class Parent(List<int> handled) : Actor<int>
    {
        private ActorRef<int> _child = null!;

        protected override void Started() => _child = Context.Spawn(() => new Child(handled), new SpawnOptions { Name = "child" });

        protected override ValueTask ReceiveAsync(int message) => _child.TellAsync(message);
    }

    private sealed class Child(List<int> handled) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message)
        {
            handled.Add(message);
            return message == 0 ? throw new InvalidOperationException("planned") : default;
        }
    }
}
