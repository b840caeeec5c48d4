using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// Follows one variable along every path of a control flow graph. What each operation does to it is
/// <see cref="OwnershipEvaluation"/>'s concern; this is the walk: branches, regions, finally blocks and exceptions.
/// </summary>
/// <remarks>
/// A call that throws is taken to have moved nothing. An exception that no handler of the method catches is not a path on
/// which a value can be lost, unless the method throws it itself: it ends the actor's turn, and a caller still owns its arguments.
/// </remarks>
internal sealed class OwnershipFlow
{
    /// <summary>More (block, path) pairs than any readable method has; then what Booleans say is forgotten, and then the variable is given up.</summary>
    private const int MostSteps = 4_000;

    private readonly ControlFlowGraph _graph;
    private readonly IMethodSymbol? _method;
    private readonly OwnershipEvaluation _evaluation;
    private readonly OwnershipReport _report;
    private readonly Stack<Run> _runs = new();
    private readonly Dictionary<(ControlFlowRegion Region, FlowPath Path), List<FlowPath>> _finished = [];
    private readonly CancellationToken _cancellation;
    private int _steps;
    private BasicBlock _block;

    private OwnershipFlow(ControlFlowGraph graph, IMethodSymbol? method, OwnedVariable variable, OwnershipContract contract, OwnershipReport report, bool remember, CancellationToken cancellation)
    {
        _graph = graph;
        _method = method;
        _report = report;
        _cancellation = cancellation;
        _block = graph.Blocks[0];
        _evaluation = new(variable, contract, report, remember, Raise);
        Variable = variable;
        Contract = contract;
    }

    private OwnedVariable Variable { get; }

    private OwnershipContract Contract { get; }

    /// <summary>What is wrong with the variable in the method.</summary>
    public static IEnumerable<Diagnostic> Analyze(
        ControlFlowGraph graph, IMethodSymbol? method, OwnedVariable variable, OwnershipContract contract, CancellationToken cancellation)
    {
        foreach (bool remember in (bool[])[true, false])
        {
            var report = new OwnershipReport(variable.Symbol.Name);
            if (new OwnershipFlow(graph, method, variable, contract, report, remember, cancellation).Walk())
                return report.Diagnostics;
        }

        return [];
    }

    // False: given up.
    private bool Walk()
    {
        var run = new Run(_graph.Root);
        run.Add(_graph.Blocks[0], new(Variable.StateAtEntry, Variable.Symbol.Locations[0], ImmutableDictionary<object, FlowValue>.Empty));
        Finish(run);
        return _steps <= MostSteps;
    }

    private void Finish(Run run)
    {
        BasicBlock outer = _block;
        _runs.Push(run);
        while (_steps <= MostSteps && run.TryTake(out BasicBlock block, out FlowPath path))
        {
            _cancellation.ThrowIfCancellationRequested();
            _steps++;
            Step(block, path);
        }

        _runs.Pop();
        _block = outer;
    }

    private void Step(BasicBlock block, FlowPath path)
    {
        _block = block;
        List<FlowPath> paths = [path];
        foreach (IOperation operation in block.Operations)
            paths = _evaluation.Execute(operation, paths);

        foreach (FlowPath before in paths)
        {
            foreach (FlowResult result in _evaluation.Branch(block.BranchValue, before, IsReturn(block) && !ReturnsBorrowed))
            {
                bool decided = block.ConditionKind != ControlFlowConditionKind.None && result.Value is FlowValue.True or FlowValue.False;
                bool jumps = result.Value == FlowValue.True == (block.ConditionKind == ControlFlowConditionKind.WhenTrue);
                if (block.ConditionalSuccessor is { } conditional && (!decided || jumps))
                    Follow(conditional, result);
                if (block.FallThroughSuccessor is { } next && (!decided || !jumps || block.ConditionalSuccessor is null))
                    Follow(next, result);
            }
        }
    }

    private bool ReturnsBorrowed => _method is not null && Contract.IsBorrowed(_method);

    private static bool IsReturn(BasicBlock block) => block.FallThroughSuccessor?.Semantics == ControlFlowBranchSemantics.Return;

    private void Follow(ControlFlowBranch branch, FlowResult result)
    {
        switch (branch.Semantics)
        {
            case ControlFlowBranchSemantics.Throw or ControlFlowBranchSemantics.Rethrow:
                foreach (FlowPath thrown in Unwind(branch.Source, result.Path))
                    AtThrow(thrown, Line(branch.Source));
                break;
            case ControlFlowBranchSemantics.StructuredExceptionHandling:
                _runs.Peek().Ended.Add(result.Path);
                break;
            case ControlFlowBranchSemantics.Regular or ControlFlowBranchSemantics.Return when branch.Destination is { } destination:
                List<FlowPath> paths = [result.Path];
                foreach (ControlFlowRegion region in branch.FinallyRegions)
                    paths = [.. paths.SelectMany(path => ThroughFinally(region, path))];
                foreach (FlowPath path in paths)
                    Arrive(destination, Leave(branch, path), result.Value, branch);
                break;
        }
    }

    private void Arrive(BasicBlock destination, FlowPath path, FlowValue answer, ControlFlowBranch branch)
    {
        if (destination.Kind == BasicBlockKind.Exit)
            AtExit(path, branch.Semantics == ControlFlowBranchSemantics.Return ? answer : FlowValue.Other, Line(branch.Source));
        else
            Add(destination, path);
    }

    // A local ends with its region, and so does what is known of temporaries.
    private FlowPath Leave(ControlFlowBranch branch, FlowPath path)
    {
        foreach (ControlFlowRegion region in branch.LeavingRegions)
        {
            if (!region.CaptureIds.IsEmpty || !region.Locals.IsEmpty)
                path = path.Without(region.CaptureIds.Select(static id => (object)id).Concat(region.Locals));
            if (!region.Locals.Any(local => SymbolEqualityComparer.Default.Equals(local, Variable.Symbol)))
                continue;
            if (path.State == OwnershipState.Owned)
                _report.NotDisposed(path, $"when it goes out of scope in line {Line(branch.Source)}");
            path = path.In(OwnershipState.Empty, Variable.Symbol.Locations[0]);
        }

        return path;
    }

    private List<FlowPath> ThroughFinally(ControlFlowRegion region, FlowPath path)
    {
        if (_finished.TryGetValue((region, path), out List<FlowPath>? known))
            return known;
        var run = new Run(region);
        run.Add(_graph.Blocks[region.FirstBlockOrdinal], path);
        Finish(run);
        List<FlowPath> ended = [.. run.Ended];
        _finished[(region, path)] = ended;
        return ended;
    }

    // A call in this block may throw.
    private void Raise(FlowPath path)
    {
        for (ControlFlowRegion? region = _block.EnclosingRegion; region is not null; region = region.EnclosingRegion)
        {
            if (region.Kind == ControlFlowRegionKind.Try)
            {
                // What nobody catches here is no path of this method.
                _ = Unwind(_block, path);
                return;
            }
        }
    }

    /// <summary>Hands an exception to every handler that may catch it; the paths on which none does.</summary>
    private List<FlowPath> Unwind(BasicBlock block, FlowPath path)
    {
        List<FlowPath> paths = [path];
        for (ControlFlowRegion? region = block.EnclosingRegion; region is not null; region = region.EnclosingRegion)
        {
            if (region.Kind != ControlFlowRegionKind.Try || region.EnclosingRegion is not { } guarded)
                continue;
            foreach (ControlFlowRegion handler in guarded.NestedRegions)
            {
                switch (handler.Kind)
                {
                    case ControlFlowRegionKind.Finally:
                        paths = [.. paths.SelectMany(thrown => ThroughFinally(handler, thrown))];
                        break;
                    case ControlFlowRegionKind.Catch or ControlFlowRegionKind.FilterAndHandler:
                        foreach (FlowPath thrown in paths)
                            Add(_graph.Blocks[handler.FirstBlockOrdinal], thrown);
                        break;
                }
            }

            if (guarded.NestedRegions.Any(CatchesAll))
                return [];
        }

        return paths;
    }

    private static bool CatchesAll(ControlFlowRegion handler) =>
        handler.Kind == ControlFlowRegionKind.Catch && handler.ExceptionType is null or { SpecialType: SpecialType.System_Object } or { Name: "Exception", ContainingNamespace.Name: "System" };

    private void Add(BasicBlock block, FlowPath path) =>
        _runs.First(run => run.Region.FirstBlockOrdinal <= block.Ordinal && block.Ordinal <= run.Region.LastBlockOrdinal).Add(block, path);

    private void AtThrow(FlowPath path, int line)
    {
        if (path.State == OwnershipState.Owned && Variable.Symbol is ILocalSymbol)
            _report.NotDisposed(path, $"when line {line} throws");
    }

    private void AtExit(FlowPath path, FlowValue answer, int line)
    {
        if (Variable.Symbol is not IParameterSymbol { RefKind: RefKind.None } parameter)
            return;
        if (Contract.MovesWhen(parameter) is not { } moving)
        {
            if (path.State == OwnershipState.Owned)
                _report.NotDisposed(path, $"when the method ends in line {line}");
            return;
        }

        if (answer is not (FlowValue.True or FlowValue.False))
            return;
        bool moves = answer == FlowValue.True == moving;
        if (moves && path.State == OwnershipState.Owned)
            _report.NotDisposed(path, $"when line {line} answers that it was moved");
        else if (!moves && path.IsGone)
            _report.MovedAgainstContract(path, $"line {line} answers that the caller still owns it (MovesWhen)");
    }

    private static int Line(BasicBlock block)
    {
        SyntaxNode? syntax = block.BranchValue?.Syntax ?? block.Operations.LastOrDefault()?.Syntax;
        for (ControlFlowRegion? region = block.EnclosingRegion; syntax is null && region is not null; region = region.EnclosingRegion)
            syntax = region.Locals.FirstOrDefault()?.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax();
        return syntax is null ? 0 : OwnershipReport.Line(syntax.GetLocation());
    }

    /// <summary>A walk of a region to its end: of the method, or of a finally block on the way of one path.</summary>
    private sealed class Run(ControlFlowRegion region)
    {
        private readonly Queue<(BasicBlock Block, FlowPath Path)> _open = new();
        private readonly HashSet<(BasicBlock Block, FlowPath Path)> _seen = [];

        public ControlFlowRegion Region { get; } = region;

        public HashSet<FlowPath> Ended { get; } = [];

        public void Add(BasicBlock block, FlowPath path)
        {
            if (_seen.Add((block, path)))
                _open.Enqueue((block, path));
        }

        public bool TryTake(out BasicBlock block, out FlowPath path)
        {
            bool any = _open.Count > 0;
            (block, path) = any ? _open.Dequeue() : default;
            return any;
        }
    }
}
