using System.Diagnostics.CodeAnalysis;

namespace Troupe.Net.Sockets;

/// <summary>Which Unix domain socket has which name, for as long as it is open. Bounded by the number of sockets.</summary>
internal sealed class UnixNameTable
{
    private readonly object _gate = new();
    private readonly Dictionary<UnixName, UnixSocket> _bound = [];

    public bool TryAdd(UnixName name, UnixSocket socket)
    {
        lock (_gate)
            return _bound.TryAdd(name, socket);
    }

    public bool TryFind(UnixName name, [NotNullWhen(true)] out UnixSocket? socket)
    {
        lock (_gate)
            return _bound.TryGetValue(name, out socket);
    }

    public void Remove(UnixName name)
    {
        lock (_gate)
            _bound.Remove(name);
    }
}
