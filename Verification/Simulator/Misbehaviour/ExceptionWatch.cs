using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Rtl8139;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.Xen;

namespace Troupe.Verification.Simulator;

/// <summary>
/// Sees every exception that is thrown on this thread, also one that somebody catches and forgets: an access outside of memory, of a frame, or of an array is found though a handler above took it for
/// something else. What a driver throws because its device broke a rule, or its capability said no, is expected.
/// </summary>
internal sealed class ExceptionWatch : IDisposable
{
    [ThreadStatic]
    private static ExceptionWatch? _current;

    static ExceptionWatch() => AppDomain.CurrentDomain.FirstChanceException += static (_, thrown) => _current?.See(thrown.Exception);

    public ExceptionWatch() => _current = this;

    /// <summary>The first that nobody expects, with where it was thrown.</summary>
    public string? Unexpected { get; private set; }

    /// <summary>Violations that drivers told of.</summary>
    public long Violations { get; private set; }

    public void Dispose() => _current = null;

    private void See(Exception exception)
    {
        switch (exception)
        {
            case DeviceViolationException or XenViolationException or Rtl8139Exception:
                Violations++;
                break;
            case VirtioException or CapabilityException or AskFailedException or AskTimeoutException or InvariantException:
                break;
            default:
                Unexpected ??= $"{exception.GetType().Name}: {exception.Message}\n{Environment.StackTrace}";
                break;
        }
    }
}
