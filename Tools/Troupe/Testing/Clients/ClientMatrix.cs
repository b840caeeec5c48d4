using System.Diagnostics;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Clients;

/// <summary>
/// <c>troupe test clients</c>: unmodified packages in guests against Debian's servers on this host, and this host's programs against a web application in guests.
/// The same app hosted on Linux says what the right answers are.
/// </summary>
internal sealed class ClientMatrix(Repository repository, ClientOptions options)
{
    private const string WebGroup = "web";
    private const int GuestMemory = 512;
    private const string Request = "please restart ";

    private static readonly string[] _groups = ["http", "postgres", "redis", "nats", WebGroup];

    /// <summary>What a group may take, on a host with better things to do.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(8);

    private int _passed;
    private int _failed;

    /// <summary>Runs it, prints a line a case, and says by its exit code whether all passed.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var groups = _groups.Where(group => options.Only is null || group.Contains(options.Only, StringComparison.Ordinal)).ToList();
        if (groups.Count == 0)
        {
            throw new UserError($"no group of cases is called '{options.Only}'.", $"There are {string.Join(", ", _groups)}.");
        }

        var app = repository.FindApp("Apps/ClientTest");
        var images = new ImageBuild(repository);
        var image = options.Processors.Count == 0 ? images.ImageOf(app) : await images.EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
        var program = await new HostedBuild(repository).EnsureAsync(app, cancellation).ConfigureAwait(false);
        if (groups.Any(group => group != WebGroup))
        {
            using var lab = await ServerLab.StartAsync(repository, cancellation).ConfigureAwait(false);
            foreach (var group in groups.Where(group => group != WebGroup))
            {
                await RunGroupAsync(lab, group, image, program, cancellation).ConfigureAwait(false);
            }
        }

        if (groups.Contains(WebGroup))
        {
            await RunWebAsync(image, program, cancellation).ConfigureAwait(false);
        }

        Console.WriteLine($"{_passed} passed, {_failed} failed");
        return _failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static string GuestName(int processors) => $"guest, {processors} processor{(processors == 1 ? string.Empty : "s")}";

    private async Task RunGroupAsync(ServerLab lab, string group, Image image, string program, CancellationToken cancellation)
    {
        async Task<List<string>> OnAsync(string machine, Func<Action<string>, CancellationToken, Task> run)
        {
            // No run sees what another left behind.
            await lab.RestartAsync(group, cancellation).ConfigureAwait(false);
            List<string> lines = [];
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(_longest);
            var clock = Stopwatch.StartNew();
            try
            {
                await run(Hear, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                lines.Add($"{machine} did not end in time");
            }

            Output.Say($"{group} on {machine}: {clock.Elapsed.TotalSeconds:0.0} s");
            return lines;

            void Hear(string line)
            {
                lock (lines)
                {
                    lines.Add(line);
                }

                if (line.StartsWith(Request, StringComparison.Ordinal))
                {
                    _ = Task.Run(() => lab.RestartAsync(line[Request.Length..].Trim(), limit.Token), limit.Token);
                }
            }
        }

        var linux = await OnAsync("Linux", (hear, token) => RunHostedAsync(lab, group, program, hear, token)).ConfigureAwait(false);
        var reference = CaseLines.Read(linux);
        Print("Linux", CaseLines.Compare(reference, reference), linux);
        foreach (var processors in options.Processors)
        {
            var machine = GuestName(processors);
            var guest = await OnAsync(machine, (hear, token) => RunGuestAsync(lab, group, image, processors, hear, token)).ConfigureAwait(false);
            Print(machine, CaseLines.Compare(reference, CaseLines.Read(guest)), guest);
        }
    }

    private static Task RunHostedAsync(ServerLab lab, string group, string program, Action<string> hear, CancellationToken cancellation) => HostProcess.CaptureAsync(
        "dotnet", [program, group, .. lab.WordsFor("127.0.0.1").Split(' ')], cancellation, environment: lab.Trust, onLine: hear);

    private static async Task RunGuestAsync(ServerLab lab, string group, Image image, int processors, Action<string> hear, CancellationToken cancellation)
    {
        using var guest = GuestProcess.Start(
            new GuestOptions { Image = image.Elf, Processors = processors, Memory = GuestMemory, CommandLine = $"{group} {lab.WordsFor(ServerLab.AddressInGuests)}" }, hear);
        var exit = await guest.Exit.WaitAsync(cancellation).ConfigureAwait(false);
        hear($"ended with {exit.Code?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? exit.Reason}");
    }

    private async Task RunWebAsync(Image image, string program, CancellationToken cancellation)
    {
        foreach (var processors in (int[])[0, .. options.Processors])
        {
            var machine = processors == 0 ? "Linux" : GuestName(processors);
            using var server = processors == 0
                ? WebServerProcess.Hosted(program)
                : WebServerProcess.InGuest(new GuestOptions { Image = image.Elf, Processors = processors, Memory = GuestMemory, CommandLine = "serve" });
            var clock = Stopwatch.StartNew();
            var results = await new WebCases(repository, server).RunAsync(cancellation).ConfigureAwait(false);
            Output.Say($"{WebGroup} on {machine}: {clock.Elapsed.TotalSeconds:0.0} s");
            Print(machine, results, server.Lines);
        }
    }

    private void Print(string machine, IReadOnlyList<CaseResult> results, IReadOnlyList<string> lines)
    {
        foreach (var result in results)
        {
            Console.WriteLine(result.Passed
                ? $"ok   {machine}: {result.Name}: {result.Answer}"
                : $"FAIL {machine}: {result.Name}: {result.Answer ?? "nothing"}{(result.Answer == result.Expected ? string.Empty : $"\n     expected: {result.Expected ?? "nothing"}")}");
        }

        var failed = results.Count(result => !result.Passed);
        if (failed > 0 || results.Count == 0)
        {
            lock (lines)
            {
                Console.WriteLine($"the last lines of {machine}:{string.Concat(lines.TakeLast(30).Select(line => "\n    " + line))}");
            }
        }

        _passed += results.Count - failed;
        // A program that says nothing has failed too.
        _failed += results.Count == 0 ? 1 : failed;
    }
}
