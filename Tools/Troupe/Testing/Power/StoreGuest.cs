using System.Collections.Immutable;
using System.Globalization;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Power;

/// <summary>A guest of Apps/SelfTest whose disks are <see cref="VolatileDisk"/>s, and the ledger of what they must hold. Gone with its power.</summary>
internal sealed class StoreGuest : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("troupe-power");
    private readonly List<string> _lines = [];
    private readonly StoreLedger _ledger;
    private readonly Action<string>? _onLine;
    private readonly ImmutableArray<NbdServer> _servers;
    private readonly GuestProcess _guest;
    private bool _isOver;

    private StoreGuest(GuestOptions options, IReadOnlyList<VolatileDisk> disks, StoreLedger ledger, PowerCut cut, Action<string>? onLine)
    {
        (_ledger, _onLine) = (ledger, onLine);
        ledger.Boot();
        string Socket(int disk) => Path.Combine(_folder.FullName, disk.ToString(CultureInfo.InvariantCulture));
        _servers = [.. disks.Select((disk, number) => new NbdServer(Socket(number), disk, number == 0 ? cut : PowerCut.Never))];
        _guest = GuestProcess.Start(options with { Extra = [.. options.Extra, .. Enumerable.Range(0, disks.Count).SelectMany(disk => NbdDisk.Arguments(Socket(disk), options.Machine, disk))] }, Hear);
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

    /// <summary>Boots one; the cut is at a request to the first disk.</summary>
    public static StoreGuest Boot(Image image, GuestOptions options, IReadOnlyList<VolatileDisk> disks, StoreLedger ledger, PowerCut cut = default, Action<string>? onLine = null) =>
        new(options with { Image = image.Elf }, disks, ledger, cut, onLine);

    /// <summary>Waits until the power has gone, and takes note of all that the guest has said by then.</summary>
    public async Task LosePowerAsync(CancellationToken cancellation)
    {
        var first = await Task.WhenAny(_servers[0].PowerGone, _guest.Exit, Task.Delay(_patience, cancellation)).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        Settle();
        if (first != _servers[0].PowerGone)
        {
            throw new UserError($"the guest {(first == _guest.Exit ? "ended" : "does not go on")} before its power went, after {_servers[0].Requests} requests.{LastWords}", exitCode: ExitCodes.Failure);
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
        End();
        foreach (var line in _lines)
        {
            _ledger.Read(line);
        }
    }

    public void Dispose()
    {
        End();
        _folder.Delete(recursive: true);
    }

    private void End()
    {
        _guest.Dispose();
        foreach (var server in _servers)
        {
            server.Dispose();
        }
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
