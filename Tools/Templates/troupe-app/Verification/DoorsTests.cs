namespace TroupeApp;

/// <summary>The app's actors under Coyote: `./troupe verify app` tries hundreds of interleavings of each test.</summary>
public sealed class DoorsTests(ITestOutputHelper output)
{
    [Fact]
    public void Two_visitors_at_two_doors_get_two_numbers() => Interleavings.Hold(output, CoyoteActorHost.Run(system =>
    {
        var greetings = new List<string>();
        ActorRef<string> book = system.Spawn(new GuestBook(greetings), "book");
        ActorRef<Visit>[] doors = Doors.Open(system);
        system.Spawn(new Visitor(doors[0], book), "first").Tell(default);
        system.Spawn(new Visitor(doors[1], book), "second").Tell(default);
        return () => Assert.Equal(["you are visitor 1", "you are visitor 2"], greetings.Order());
    }));

    private readonly record struct Arrive;

    private sealed class Visitor(ActorRef<Visit> door, ActorRef<string> book) : Actor<Arrive>
    {
        protected override async ValueTask ReceiveAsync(Arrive message) => book.Tell(await door.AskAsync<string>(static greeting => new Visit(greeting)));
    }

    private sealed class GuestBook(List<string> greetings) : Actor<string>
    {
        protected override ValueTask ReceiveAsync(string message)
        {
            greetings.Add(message);
            return default;
        }
    }
}
