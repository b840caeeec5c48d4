namespace Troupe.Actors.Benchmarks;

/// <summary>A scenario as its two actions.</summary>
internal sealed class Scenario(Func<int, Task<long>> run, Func<Task> end) : IScenario
{
    public Task<long> Run(int size) => run(size);

    public async ValueTask DisposeAsync() => await end();
}
