using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// TRP0013 and TRP0014: a message is observed where the contract cannot permit it, and a contract declares what no conversation can do. Silent about
/// contracts of other assemblies and those that are not a chain of constants. What is reported fails whenever it runs.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ContractAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.OutsideContract, Rules.DeadContract];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (ActorTypes.Of(start.Compilation) is not { Contract: { } contract })
                return;
            var contracts = new ContractDeclarations(start.Compilation, contract);
            start.RegisterOperationAction(operation => CheckDeclaration(operation, contracts), OperationKind.FieldInitializer, OperationKind.PropertyInitializer);
            start.RegisterOperationAction(operation => CheckExtension(operation, contracts), OperationKind.Invocation);
            start.RegisterOperationBlockAction(block => CheckObservations(block, contracts));
        });
    }

    private static void CheckDeclaration(OperationAnalysisContext context, ContractDeclarations contracts)
    {
        var initializer = (ISymbolInitializerOperation)context.Operation;
        ISymbol? member = initializer switch
        {
            IFieldInitializerOperation { InitializedFields: { Length: 1 } fields } => fields[0],
            IPropertyInitializerOperation { InitializedProperties: { Length: 1 } properties } => properties[0],
            _ => null,
        };
        if (member is null || !contracts.IsContract(initializer.Value.Type) || contracts.Of(member, initializer.Value) is not { } declaration)
            return;
        foreach (ContractFault fault in declaration.Faults)
            context.ReportDiagnostic(Diagnostic.Create(Rules.DeadContract, fault.Location, declaration.Name, fault.What, fault.Advice));
    }

    // The chain is all that is read, so it has to be all there is.
    private static void CheckExtension(OperationAnalysisContext context, ContractDeclarations contracts)
    {
        if (context.Operation is IInvocationOperation { TargetMethod.Name: "Party" or "Allow" or "Permit" } call && contracts.IsContract(call.TargetMethod.ContainingType)
            && contracts.Member(call.Instance) is { } member && contracts.Of(member) is { } declaration)
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.DeadContract, call.Syntax.GetLocation(), declaration.Name, $"{call.TargetMethod.Name} comes after the declaration", "say it there, where all can read it"));
        }
    }

    private static void CheckObservations(OperationBlockAnalysisContext context, ContractDeclarations contracts)
    {
        if (!context.OperationBlocks.Any(block => block.Descendants().Any(operation => IsObservation(operation, contracts, out _))))
            return;
        var done = new HashSet<IOperation>();
        foreach (IOperation block in context.OperationBlocks)
        {
            ControlFlowGraph graph = context.GetControlFlowGraph(block);
            if (done.Add(graph.OriginalOperation))
                Check(graph);
        }

        void Check(ControlFlowGraph graph)
        {
            CheckGraph(graph, context, contracts);
            foreach (IMethodSymbol function in graph.LocalFunctions)
                Check(graph.GetLocalFunctionControlFlowGraph(function, context.CancellationToken));
            foreach (IFlowAnonymousFunctionOperation function in graph.Blocks.SelectMany(ConversationFlow.Operations).OfType<IFlowAnonymousFunctionOperation>())
                Check(graph.GetAnonymousFunctionControlFlowGraph(function, context.CancellationToken));
        }
    }

    private static void CheckGraph(ControlFlowGraph graph, OperationBlockAnalysisContext context, ContractDeclarations contracts)
    {
        var followed = new HashSet<(ISymbol Member, ISymbol Conversation)>();
        foreach (IOperation operation in graph.Blocks.SelectMany(ConversationFlow.Operations))
        {
            if (!IsObservation(operation, contracts, out ISymbol member) || contracts.Of(member) is not { Fails: false } contract)
                continue;
            var observation = (IInvocationOperation)operation;
            if (ConversationFlow.Argument(observation, 0) is { } argument && Conversation.Of(argument, graph, context.OwningSymbol, context.OperationBlocks) is { } conversation)
            {
                if (!followed.Add((member, conversation.Symbol)))
                    continue;
                foreach ((IInvocationOperation each, ulong states) in new ConversationFlow(graph, contract, member, contracts, conversation).Observations())
                    Judge(each, states, contract, context);
            }
            else
            {
                Judge(observation, contract.Everything, contract, context);
            }
        }
    }

    private static void Judge(IInvocationOperation observation, ulong states, ContractDeclaration contract, OperationBlockAnalysisContext context)
    {
        if (states == 0 || ConversationFlow.Argument(observation, 1) is not { ConstantValue: { HasValue: true, Value: { } message } } argument || contract.After(states, message) != 0)
            return;
        (string name, string why, string advice) = contract.Explain(states, message);
        context.ReportDiagnostic(Diagnostic.Create(Rules.OutsideContract, argument.Syntax.GetLocation(), name, contract.Name, why, advice));
    }

    private static bool IsObservation(IOperation operation, ContractDeclarations contracts, out ISymbol member)
    {
        member = null!;
        if (operation is not IInvocationOperation { TargetMethod.Name: "Observe" } call || !contracts.IsContract(call.TargetMethod.ContainingType) || contracts.Member(call.Instance) is not { } held)
            return false;
        member = held;
        return true;
    }
}
