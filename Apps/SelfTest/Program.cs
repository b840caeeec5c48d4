using System.Diagnostics;
using Troupe.Apps.SelfTest;
using Troupe.Smp.Host;

// A guest is to the class library what Linux is.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// The guest's self-test: `ladder` (the default), `stress SECONDS`, `memory`, `bands`, `preemption`, `swapping`, `probes [COUNT [SEED [RUN ...]]]`,
// `supervision [FAILURES [SEED]]`, `quantum [RUNS]`, `interrupts`, `yardstick`, `console [PAUSE]`, `channels [CLOSINGS]`, `devices`, `disk`, `files`, `calls FOLDER [keep]`, `power [FIRST [look] [unflushed] [files]]`, `kills COUNT SEED FIRST`, `harms COUNT SEED FIRST`,
// `cryptography [openssl]`,
// or `fault NAME` to end badly on purpose.
// Prints a line a step and ends with 0 only when every step held.
string mode = args.Length > 0 ? args[0] : "ladder";
var watch = Stopwatch.StartNew();
bool passed = mode switch
{
    "ladder" => Ladder.Run(),
    "stress" => Stress.Run(args.Length > 1 ? int.Parse(args[1]) : 60),
    "memory" => MemoryPressure.Run(),
    "bands" => Bands.Run(),
    "preemption" => Preemption.Run(),
    "swapping" => Swapping.Run(),
    "probes" => Probes.Run(args.AsSpan(1)),
    "supervision" => Supervision.Run(args.AsSpan(1)),
    "quantum" => QuantumCost.Run(args.AsSpan(1)),
    "devices" => Devices.Run(),
    "disk" => Disks.Run(),
    "power" => PowerCuts.Run(args.AsSpan(1)),
    "kills" => DriverKills.Run(args[1..]),
    "harms" => DriverKills.RunHarms(args[1..]),
    "files" => FileSystems.Run(),
    "calls" => FileCalls.Run(args.AsSpan(1)),
    "console" => ConsoleEcho.Run(args.Length > 1 ? int.Parse(args[1]) : 0),
    "channels" => Channels.Run(args.Length > 1 ? int.Parse(args[1]) : 1),
    "cryptography" => args.Length > 1 && args[1] == "openssl" ? Cryptography.RunWithOpenSsl() : Cryptography.Run(),
    "interrupts" => LongCalls.Run() && Ladder.Run() && MemoryPressure.Run(),
    "yardstick" => LongCalls.Measure(),
    "fault" => Faults.Run(args.Length > 1 ? args[1] : ""),
    _ => Unknown(mode),
};

if (GuestMachine.IsGuest)
{
    Report.Print();
}

Console.WriteLine($"self-test {mode}: {(passed ? "passed" : "FAILED")} after {watch.ElapsedMilliseconds} ms");
return passed ? 0 : 1;

static bool Unknown(string mode)
{
    Console.WriteLine($"there is no self-test '{mode}': ladder, stress SECONDS, memory, bands, preemption, swapping, probes [COUNT [SEED [RUN ...]]], supervision [FAILURES [SEED]], quantum [RUNS], interrupts, yardstick, console [PAUSE], channels [CLOSINGS], devices, disk, files, calls FOLDER [keep], power [FIRST [look] [unflushed] [files]], kills COUNT SEED FIRST, harms COUNT SEED FIRST, cryptography [openssl] or fault NAME");
    return false;
}
