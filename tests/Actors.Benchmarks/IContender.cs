namespace Troupe.Actors.Benchmarks;

/// <summary>The same traffic on one way of passing messages; every method returns how many messages it passed.</summary>
internal interface IContender : IAsyncDisposable
{
    Task<int> PingPong(int messages, int inFlight);

    Task<int> FanOut(int receivers, int rounds);

    Task<int> FanIn(int senders, int each);

    Task<int> Ring(int nodes, int tokens, int laps);

    Task<int> Create(int actors);

    Task<int> Ask(int questions);
}

/// <summary>A message of 32 bytes.</summary>
internal readonly record struct Parcel(long Left, long Second = 0, long Third = 0, long Fourth = 0);
