using Troupe.Actors;

namespace Troupe.Verification.Coyote;

/// <summary>Where a thread sleeps under Coyote: with a permit, or, planted, without one.</summary>
internal sealed class CoyoteParker(bool keepsPermit = true) : IParker
{
    private readonly object _gate = new();
    private bool _permit;

    public void Park(TimeSpan timeout)
    {
        lock (_gate)
        {
            while (!_permit)
            {
                Monitor.Wait(_gate);
                if (!keepsPermit) return;
            }

            _permit = false;
        }
    }

    public void Unpark()
    {
        lock (_gate)
        {
            _permit = keepsPermit;
            Monitor.Pulse(_gate);
        }
    }
}
