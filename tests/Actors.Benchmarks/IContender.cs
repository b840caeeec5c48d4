using Troupe.Actors.Benchmarks.Savina;

namespace Troupe.Actors.Benchmarks;

/// <summary>The same traffic on one way of passing messages. Each method sets up who takes part, for any number of runs.</summary>
internal interface IContender : IAsyncDisposable
{
    /// <summary>A contender of the same kind that has done nothing yet.</summary>
    IContender Another();

    IScenario PingPong(int inFlight);

    IScenario FanOut(int receivers);

    IScenario FanIn(int senders);

    IScenario Ring(int nodes, int tokens);

    /// <summary>Parties made by another party; done when all have started.</summary>
    IScenario Create();

    /// <summary>The same, and each has handled a message.</summary>
    IScenario CreateAndTell();

    IScenario Ask();

    /// <summary>Makes parties that have started, and are kept by what is returned until it is disposed of.</summary>
    Task<IAsyncDisposable> Idle(int parties);

    /// <exception cref="NotSupportedException">It is not written for this contender.</exception>
    Task<TimeSpan> RunAsync(SavinaBenchmark benchmark, int size);
}

/// <summary>Who takes part in a kind of traffic.</summary>
internal interface IScenario : IAsyncDisposable
{
    /// <summary>Lets so many messages pass (or parties be made); returns how many it were.</summary>
    Task<long> Run(int size);
}

/// <summary>A message of 32 bytes.</summary>
internal readonly record struct Parcel(long Left, long Second = 0, long Third = 0, long Fourth = 0);
