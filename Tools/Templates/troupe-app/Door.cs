using Troupe.Actors;

namespace TroupeApp;

/// <summary>Greets visitors by their number.</summary>
internal sealed class Door(ActorRef<NextNumber> counter) : Actor<Visit>
{
    protected override async ValueTask ReceiveAsync(Visit message)
    {
        long number = await counter.AskAsync<long>(static number => new NextNumber(number));
        message.Greeting.Set($"you are visitor {number}");
    }
}
