namespace Troupe.Actors;

/// <summary>A behaviour that hands its state to its successor in a hot swap. Implement <see cref="IExportsState{TState}"/>.</summary>
public interface IExportsState
{
    /// <summary>Exports, and lets the successor import; what either throws goes to the caller.</summary>
    internal void HandOver(object successor);
}

/// <summary>
/// A behaviour that hands its state to its successor in a hot swap. The type of the state is its version: a state of another shape is
/// another type, and a successor imports every type it still understands. It is a contract, as messages are: it stands in an assembly that is
/// loaded once, and being sendable it is immutable, so that an import that fails leaves the exporter's own state as it was.
/// </summary>
public interface IExportsState<[Sendable] TState> : IExportsState
{
    /// <summary>
    /// The state as of now. In a turn of the actor, between two messages. It changes nothing: if the swap fails, this behaviour goes on.
    /// </summary>
    TState ExportState();

    void IExportsState.HandOver(object successor)
    {
        if (successor is not IImportsState<TState> importer)
        {
            throw new InvalidOperationException(
                $"{GetType()} exports {typeof(TState)} (of {typeof(TState).Assembly.GetName().Name}), which {successor.GetType()} does not import. It has to " +
                $"implement IImportsState<{typeof(TState).Name}>, of the same loaded assembly.");
        }

        importer.ImportState(ExportState());
    }
}
