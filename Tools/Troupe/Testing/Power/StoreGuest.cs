using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Power;

/// <summary>A guest of Apps/SelfTest whose disk is a <see cref="VolatileDisk"/>, and the ledger of what its store must hold. Gone with its power.</summary>
internal sealed class StoreGuest : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("troupe-power");
    private readonly List<string> _lines = [];
    private readonly StoreLedger _ledger;
    private readonly Action<string>? _onLine;
    private readonly NbdServer _server;
    private readonly GuestProcess _guest;
    private bool _isOver;

    private StoreGuest(GuestOptions options, VolatileDisk disk, StoreLedger ledger, PowerCut cut, Action<string>? onLine)
    {
        (_ledger, _onLine) = (ledger, onLine);
        ledger.Boot();
        var socket = Path.Combine(_folder.FullName, "disk");
        _server = new NbdServer(socket, disk, cut);
        _guest = GuestProcess.Start(options with { Extra = [.. options.Extra, .. NbdDisk.Arguments(socket, options.Machine)] }, Hear);
    }

    /// <summary>Its exit code, when it ends by itself.</summary>
    public async Task<int?> ExitsAsync(CancellationToken cancellation) => (await _guest.Exit.WaitAsync(_patience, cancellation).ConfigureAwait(false)).Code;

    /// <summary>Whether it still runs.</summary>
    public bool IsAlive => !_guest.Exit.IsCompleted;

    /// <summary>The last words on its console.</summary>
    public string LastWords
    {
        get
        {
            lock (_lines)
            {
                return string.Concat(_lines.TakeLast(12).Select(line => "\n    " + line));
            }
        }
    }

    /// <summary>Boots one.</summary>
    public static StoreGuest Boot(Image image, GuestOptions options, VolatileDisk disk, StoreLedger ledger, PowerCut cut = default, Action<string>? onLine = null) =>
        new(options with { Image = image.Elf }, disk, ledger, cut, onLine);

    /// <summary>Waits until the power has gone, and takes note of all that the guest has said by then.</summary>
    public async Task LosePowerAsync(CancellationToken cancellation)
    {
        var first = await Task.WhenAny(_server.PowerGone, _guest.Exit, Task.Delay(_patience, cancellation)).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        Settle();
        if (first != _server.PowerGone)
        {
            throw new UserError($"the guest {(first == _guest.Exit ? "ended" : "does not go on")} before its power went, after {_server.Requests} requests.{LastWords}", exitCode: ExitCodes.Failure);
        }
    }

    /// <summary>Ends the guest and has the ledger read what it said. Nothing of the disk moves from then on.</summary>
    public void Settle()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        _guest.Dispose();
        _server.Dispose();
        foreach (var line in _lines)
        {
            _ledger.Read(line);
        }
    }

    public void Dispose()
    {
        _guest.Dispose();
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Hear(string line)
    {
        lock (_lines)
        {
            _lines.Add(line);
        }

        _onLine?.Invoke(line);
    }
}
