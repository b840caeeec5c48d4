namespace Troupe.Actors;

/// <summary>A parker on the runtime's monitor, which Coyote controls.</summary>
public sealed class MonitorParker : IParker
{
    private readonly object _gate = new();
    private bool _permit;

    /// <inheritdoc/>
    public void Park(TimeSpan timeout)
    {
        lock (_gate)
        {
            if (!_permit)
                Monitor.Wait(_gate, timeout);
            _permit = false;
        }
    }

    /// <inheritdoc/>
    public void Unpark()
    {
        lock (_gate)
        {
            _permit = true;
            Monitor.Pulse(_gate);
        }
    }
}
