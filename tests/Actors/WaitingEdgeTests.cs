#if DEBUG
using Troupe.Actors.TestKit;

namespace Troupe.Actors.Tests;

/// <summary>Edges on which a sender may wait for room form no cycle, which debug builds see to.</summary>
public sealed class WaitingEdgeTests
{
    [Fact]
    public void ACycleIsRefusedAtTheSpawnThatClosesIt() => TestSystem.Run(test =>
    {
        Spawn(test, "link", []);
        Spawn(test, "network", ["/link", "/application"]);
        Spawn(test, "transport", ["/network"]);
        WaitingCycleException refused = Assert.Throws<WaitingCycleException>(() => Spawn(test, "application", ["/transport"]));
        Assert.Equal(["/application", "/transport", "/network"], refused.Cycle);
        Assert.Contains("/application waits for room of /transport waits for room of /network waits for room of /application", refused.Message, StringComparison.Ordinal);

        // What was refused left nothing behind.
        Assert.Null(test.System.Find("/application"));
        Spawn(test, "application", []);
        return Task.CompletedTask;
    });

    [Fact]
    public void AnActorThatWaitsForItselfIsRefused() => TestSystem.Run(test =>
    {
        Assert.Equal(["/self"], Assert.Throws<WaitingCycleException>(() => Spawn(test, "self", ["/self"])).Cycle);
        return Task.CompletedTask;
    });

    [Fact]
    public void WhoCameToLiveLaterCanBeAddedToThoseWaitedFor() => TestSystem.Run(async test =>
    {
        ActorRef<int>? later = null;
        ActorRef<int> sender = test.System.Spawn(new Acting<int>(async (_, _) => await later!.TellAsync(1)), new SpawnOptions { Name = "sender", WaitsFor = [] });
        later = Spawn(test, "later", []);
        test.System.AddWaits(sender, later);
        await sender.TellAsync(1);
        await test.WhenIdle();
        Assert.Equal(0, test.System.FailureCount);
    });

    [Fact]
    public void AnEdgeThatWouldCloseACycleIsNotAdded() => TestSystem.Run(test =>
    {
        ActorRef<int> first = Spawn(test, "first", []);
        ActorRef<int> second = Spawn(test, "second", ["/first"]);
        Assert.Equal(["/first", "/second"], Assert.Throws<WaitingCycleException>(() => test.System.AddWaits(first, second)).Cycle);
        // It still waits for nobody, so that others may wait for it.
        Spawn(test, "third", ["/second"]);
        return Task.CompletedTask;
    });

    [Fact]
    public void EdgesEndWithTheirActor() => TestSystem.Run(async test =>
    {
        ActorRef<int> first = Spawn(test, "first", ["/second"]);
        first.Stop();
        await test.ExpectTerminatedAsync(first);
        Spawn(test, "second", ["/first"]);
        Assert.Throws<WaitingCycleException>(() => Spawn(test, "first", ["/second"]));
    });

    [Fact]
    public void AnActorWaitsForNobodyButThoseItNamed() => TestSystem.Run(async test =>
    {
        ActorRef<int> named = Spawn(test, "named", []);
        ActorRef<int> other = Spawn(test, "other", []);
        ActorRef<int> unbounded = test.System.Spawn(new Acting<int>((_, _) => default), "unbounded", MailboxOptions.Unbounded);
        ActorRef<int> sender = test.System.Spawn(
            new Acting<int>(async (_, number) =>
            {
                await named.TellAsync(1);
                await unbounded.TellAsync(1);
                other.Tell(1);
                if (number == 2)
                    await other.TellAsync(2);
            }),
            new SpawnOptions { Name = "sender", WaitsFor = [named], OnFailure = FailurePolicy.Resume });
        sender.Tell(1);
        await test.WhenIdle();
        sender.Tell(2);
        ActorFailure failure = await test.ExpectFailureAsync();
        Assert.Contains("/sender may have to wait for room in the mailbox of /other, and was spawned as waiting for /named", failure.Exception.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void EdgesByReferenceAndByNameFormOneCycle() => TestSystem.Run(test =>
    {
        ActorRef<int> below = Spawn(test, "below", ["above"]);
        var options = new SpawnOptions { Name = "above", WaitsFor = [below] };
        WaitingCycleException refused = Assert.Throws<WaitingCycleException>(() => test.System.Spawn(new Acting<int>((_, _) => default), options));
        Assert.Equal(["/above", "/below"], refused.Cycle);
        return Task.CompletedTask;
    });

    private static ActorRef<int> Spawn(TestSystem test, string name, string[] waitsFor) =>
        test.System.Spawn(new Acting<int>((_, _) => default), new SpawnOptions { Name = name, WaitsForNamed = waitsFor });
}
#endif
