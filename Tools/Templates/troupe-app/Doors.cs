using Troupe.Actors;

namespace TroupeApp;

/// <summary>Two doors, so that two processors let visitors in, and one counter.</summary>
internal static class Doors
{
    public static ActorRef<Visit>[] Open(ActorSystem system)
    {
        ActorRef<NextNumber> counter = system.Spawn(new VisitorCounter(), "counter");
        return [system.Spawn(new Door(counter), "left"), system.Spawn(new Door(counter), "right")];
    }
}
